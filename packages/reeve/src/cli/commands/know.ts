import type { Command } from 'commander'
import type { Calls, Here } from '../calls.ts'
import { limit } from './options.ts'

const here: Here = { why: 'it reads the files of a folder into the memory of a project on this machine.' }

export function knowCommands(program: Command, calls: Calls): void {
  program.commandsGroup('Know:')
  const memory = program
    .command('memory')
    .description('search and change the memory: documents, and items that runs remembered')
  memory
    .command('search <text>')
    .description('search the memory as a run would, with the scores')
    .option('--in <scope>', 'only this scope and the scopes below it')
    .option('--kind <kind...>', 'only items of this kind: passages, facts, preferences, episodes, lessons')
    .option('--as-of <time>', 'search the memory of that time: 2026-11-03, or 2026-11-03T12:00Z')
    .option('--trusted', 'only items that did not come from outside')
    .addOption(limit('10'))
    .action(calls('viewer', async () => (await import('../know/look.ts')).search))
  memory
    .command('history <id>')
    .description('list all versions of an item: its text, since when, who changed it and why')
    .action(calls('viewer', async () => (await import('../know/look.ts')).history))
  memory
    .command('why <run>')
    .description('show what a run searched for in the memory, what it found, and what it left out')
    .action(calls('viewer', async () => (await import('../know/look.ts')).why))
  memory
    .command('amend <id> <text>')
    .description("replace an item's text; the old text stays in its history")
    .requiredOption('--why <text>', 'the reason; stored with the version that it ends')
    .action(calls('operator', async () => (await import('../know/change.ts')).amend))
  memory
    .command('retract <id>')
    .description('retract an item: searches do not find it any more; it stays in the history')
    .requiredOption('--why <text>', 'the reason; stored with the version that it ends')
    .action(calls('operator', async () => (await import('../know/change.ts')).retract))
  memory
    .command('redact <id>')
    .description('delete the text of an item from all its versions; asks first on a terminal')
    .requiredOption('--why <text>', 'the reason; stored in place of the text')
    .option('--yes', 'do not ask')
    .action(calls('owner', async () => (await import('../know/change.ts')).redact))
  memory
    .command('rollback')
    .description('roll back all memory from an item, a source, a run or a time on; asks first on a terminal')
    .option('--item <id>', 'the last version of this item')
    .option('--source <source>', 'all that came from this source: a file, an email, a document')
    .option('--run <run>', 'all items that this run remembered')
    .option('--since <time>', 'all items that were recorded since then')
    .option('--dry-run', 'only say what would be deleted')
    .option('--despite-approvals', 'roll back even items that an open approval depends on')
    .option('--yes', 'do not ask')
    .requiredOption('--why <text>', 'the reason; stored with each version that it ends')
    .action(calls('operator', async () => (await import('../know/change.ts')).rollback))
  memory
    .command('ingest <path>')
    .description(
      'add a file or folder (.md, .txt, .html, .pdf, .csv, .jsonl, .eml) to the memory, beside knowledge/',
    )
    .option('--untrusted', 'it comes from outside: treat it as data, never as an instruction')
    .action(calls('operator', async () => (await import('../know/ingest.ts')).ingest, here))
  memory
    .command('export')
    .description('export all versions of all items as lines of JSON')
    .action(calls('viewer', async () => (await import('../know/export.ts')).exportItems))
}
