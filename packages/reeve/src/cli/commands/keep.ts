import type { Command } from 'commander'
import type { Calls } from './calls.ts'

export function keepCommands(program: Command, calls: Calls): void {
  program.commandsGroup('Keep:')
  const audit = program.command('audit').description('prove that the journals are whole')
  audit
    .command('verify [run]')
    .description(
      'recompute the hash chains of what came or changed since the last time, and of some others by chance; or of one run',
    )
    .option('--all', 'of every run, whatever was verified before')
    .option('--head <file>', 'compare with signed heads that were kept elsewhere')
    .action(
      calls('viewer', async () => (await import('../keep/audit.ts')).verify, {
        why: 'it reads all of the database, and proves nothing when somebody else does it.',
      }),
    )
  audit
    .command('export <file>')
    .description('write all of it as lines of JSON, and a script that checks them without Reeve')
    .action(
      calls('viewer', async () => (await import('../keep/audit-export.ts')).exportAudit, {
        why: 'it reads all of the database.',
      }),
    )
  audit
    .command('head')
    .description('the newest signed head, to be kept where nobody can change it')
    .action(
      calls('viewer', async () => (await import('../keep/audit-head.ts')).head, {
        why: 'it proves nothing when somebody else does it.',
      }),
    )
  audit
    .command('key')
    .description('the key that seals and signs; where it is, and whether it is in use')
    .option('--rotate', 'put a new key into use')
    .option('--lost', 'the key of before is lost: take a new one, and what is there as it is')
    .option('--yes', 'do not ask')
    .action(
      calls('owner', async () => (await import('../keep/audit-key.ts')).auditKey, {
        why: 'it changes the database itself.',
      }),
    )
  program
    .command('backup [file]')
    .description(
      'write all of a SQLite database into a new file, while workers go on (default: in .reeve/backups)',
    )
    .action(
      calls('nobody', async () => (await import('../keep/backup.ts')).backup, {
        why: 'it copies the file of a database on this machine.',
      }),
    )
  program
    .command('prune')
    .description("delete ended runs past the project's retention; asks first on a terminal")
    .option('--dry-run', 'only say what would go')
    .option('--yes', 'do not ask')
    .action(
      calls('operator', async () => (await import('../keep/upkeep.ts')).prune, {
        why: 'it deletes by the retention of a project on this machine.',
      }),
    )
  program
    .command('compact')
    .description(
      'give the disk back what pruning left empty in a SQLite database; in slices while workers run',
    )
    .option('--yes', 'do not ask')
    .action(
      calls('operator', async () => (await import('../keep/compact.ts')).compact, {
        why: 'it writes the file of a database anew.',
      }),
    )
  program
    .command('erase')
    .description('remove what the database holds about a person; the journals still verify')
    .requiredOption(
      '--subject <text>',
      'what stands for the person and nobody else: an address, a number, a whole name',
    )
    .option('--why <text>', 'why; kept in the log of acts')
    .option('--yes', 'do not ask')
    .action(
      calls('owner', async () => (await import('../keep/erase.ts')).erase, {
        why: 'it deletes from the database itself.',
      }),
    )
  program
    .command('migrate')
    .description("bring the database to this version's schema")
    .action(
      calls('nobody', async () => (await import('../keep/database.ts')).migrate, {
        why: 'it changes the schema of a database.',
      }),
    )
  const db = program.command('db').description('the database itself: move it, say whose it is')
  db.command('copy <from> <to>')
    .description(
      'move a database, runs in flight with it, into an empty one: file:PATH or postgres://…; the old one is refused from then on (for a copy to keep: backup)',
    )
    .option('--yes', 'do not ask')
    .action(
      calls('nobody', async () => (await import('../keep/database.ts')).copy, {
        why: 'it moves a database.',
      }),
    )
  db.command('restore [file]')
    .description('make a backup the database of the project; runs that were in flight are paused')
    .option('--yes', 'do not ask')
    .action(
      calls('nobody', async () => (await import('../keep/backup.ts')).restore, {
        why: 'it makes a file of this machine a database.',
      }),
    )
  db.command('reopen')
    .description('go on here after a copy was made: takes away what fences the source')
    .action(
      calls('nobody', async () => (await import('../keep/database.ts')).reopen, {
        why: 'it changes the database itself.',
      }),
    )
  db.command('adopt')
    .description('say that the database belongs to this project, as after it was renamed')
    .action(
      calls('nobody', async () => (await import('../keep/database.ts')).adopt, {
        why: 'it changes the database itself.',
      }),
    )
}
