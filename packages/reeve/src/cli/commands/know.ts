import type { Command } from 'commander'
import type { Calls, Here } from './calls.ts'
import { limit } from './options.ts'

const here: Here = { why: 'what is known is read and changed beside its database, or over the API.' }

export function knowCommands(program: Command, calls: Calls): void {
  program.commandsGroup('Know:')
  const memory = program
    .command('memory')
    .description('what Reeve knows: documents, and what runs remembered')
  memory
    .command('search <text>')
    .description('what a recall of this text finds, with its scores')
    .option('--in <scope>', 'only this scope and what lies below it')
    .option('--kind <kind...>', 'only passages, facts, preferences, episodes, lessons')
    .option('--as-of <time>', 'as things stood then: 2026-11-03, or 2026-11-03T12:00Z')
    .option('--trusted', 'nothing that came from outside')
    .addOption(limit('10'))
    .action(calls('viewer', async () => (await import('../know/look.ts')).search, here))
  memory
    .command('history <id>')
    .description('all versions of an item: what it said, since when, who changed it and why')
    .action(calls('viewer', async () => (await import('../know/look.ts')).history, here))
  memory
    .command('why <run>')
    .description('what a run looked up, what it found, and what it left out')
    .action(calls('viewer', async () => (await import('../know/look.ts')).why, here))
  memory
    .command('amend <id> <text>')
    .description('put another text in an item\u2019s place; the old one stays in its history')
    .requiredOption('--why <text>', 'kept with the version that it ends')
    .action(calls('operator', async () => (await import('../know/change.ts')).amend, here))
  memory
    .command('retract <id>')
    .description('an item is not found any more; it stays in its history')
    .requiredOption('--why <text>', 'kept with the version that it ends')
    .action(calls('operator', async () => (await import('../know/change.ts')).retract, here))
  memory
    .command('redact <id>')
    .description('take the words of an item out of all its versions; asks first on a terminal')
    .requiredOption('--why <text>', 'kept in the place of the words')
    .option('--yes', 'do not ask')
    .action(calls('owner', async () => (await import('../know/change.ts')).redact, here))
  memory
    .command('rollback')
    .description(
      'take back what an item, a source, a run or a stretch of time brought; asks first on a terminal',
    )
    .option('--item <id>', 'its last version')
    .option('--source <source>', 'all that came from there: a file, a mail, a document')
    .option('--run <run>', 'all that this run remembered')
    .option('--since <time>', 'all that was recorded from then on')
    .option('--dry-run', 'only say what would go')
    .option('--despite-approvals', 'also what a pending approval rests on')
    .option('--yes', 'do not ask')
    .requiredOption('--why <text>', 'kept with each version that it ends')
    .action(calls('operator', async () => (await import('../know/change.ts')).rollback, here))
  memory
    .command('ingest <path>')
    .description(
      'take in a file or folder (.md, .txt, .html, .pdf, .csv, .jsonl, .eml) beside the knowledge of the project',
    )
    .option('--untrusted', 'it comes from outside: data, and no instruction')
    .action(calls('operator', async () => (await import('../know/ingest.ts')).ingest, here))
  memory
    .command('export')
    .description('all versions of all items as JSON, one a line')
    .action(calls('viewer', async () => (await import('../know/export.ts')).exportItems, here))
}
