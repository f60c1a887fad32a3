import type { Command } from 'commander'
import type { Calls } from '../calls.ts'
import { why } from './options.ts'

export function keepCommands(program: Command, calls: Calls): void {
  program.commandsGroup('Keep:')
  const audit = program.command('audit').description('verify, export and sign the audit log')
  audit
    .command('verify [run]')
    .description(
      'verify the hash chains of all runs that are new or changed since the last time, and of some others at random; or of one run',
    )
    .option('--all', 'verify every run, even if it was verified before')
    .option('--head <file>', 'compare with signed heads that were stored elsewhere')
    .action(
      calls('viewer', async () => (await import('../keep/audit.ts')).verify, {
        why: 'it reads all of the database, and it proves nothing if somebody else runs it.',
      }),
    )
  audit
    .command('export <file>')
    .description('export the audit log as lines of JSON, with a script that verifies them without Reeve')
    .action(
      calls('viewer', async () => (await import('../keep/audit-export.ts')).exportAudit, {
        why: 'it reads all of the database.',
      }),
    )
  audit
    .command('head')
    .description('print the newest signed head; store it where nobody can change it')
    .action(
      calls('viewer', async () => (await import('../keep/audit-head.ts')).head, {
        why: 'it proves nothing if somebody else runs it.',
      }),
    )
  audit
    .command('key')
    .description('show where the audit key is, and whether it is in use')
    .option('--rotate', 'use a new key from now on')
    .option('--lost', 'the old key is lost: use a new key, and accept the present data as it is')
    .option('--yes', 'do not ask')
    .action(
      calls('owner', async () => (await import('../keep/audit-key.ts')).auditKey, {
        why: 'it changes the database itself.',
      }),
    )
  program
    .command('backup [file]')
    .description(
      'back up a SQLite database into a new file, while workers continue (default: in .reeve/backups)',
    )
    .action(
      calls('nobody', async () => (await import('../keep/backup.ts')).backup, {
        why: 'it copies the file of a database on this machine.',
      }),
    )
  program
    .command('prune')
    .description("delete ended runs past the project's retention; asks first on a terminal")
    .option('--dry-run', 'only say what would be deleted')
    .option('--yes', 'do not ask')
    .action(
      calls('operator', async () => (await import('../keep/prune.ts')).prune, {
        why: 'it deletes by the retention of a project on this machine.',
      }),
    )
  program
    .command('compact')
    .description('return the free space of a SQLite database to the disk; in small parts while workers run')
    .option('--yes', 'do not ask')
    .action(
      calls('operator', async () => (await import('../keep/compact.ts')).compact, {
        why: 'it rewrites the file of a database.',
      }),
    )
  program
    .command('erase')
    .description('erase all data about a person from the database; the audit log can still be verified')
    .requiredOption(
      '--subject <text>',
      'a text that identifies the person and nobody else: an address, a number, a full name',
    )
    .addOption(why())
    .option('--yes', 'do not ask')
    .action(
      calls('owner', async () => (await import('../keep/erase.ts')).erase, {
        why: 'it deletes from the database itself.',
      }),
    )
  program
    .command('migrate')
    .description("update the database to this version's schema")
    .action(
      calls('nobody', async () => (await import('../keep/database.ts')).migrate, {
        why: 'it changes the schema of a database.',
      }),
    )
  const db = program.command('db').description('move or restore the database, or assign it to this project')
  db.command('copy <from> <to>')
    .description(
      'move a database with its unfinished runs into an empty one: file:PATH or postgres://…; the old one is fenced from then on (for a copy only: reeve backup)',
    )
    .option('--yes', 'do not ask')
    .action(
      calls('nobody', async () => (await import('../keep/database.ts')).copy, {
        why: 'it moves a database.',
      }),
    )
  db.command('restore [file]')
    .description('restore a backup as the database of the project; runs that had not ended are paused')
    .option('--yes', 'do not ask')
    .action(
      calls('nobody', async () => (await import('../keep/backup.ts')).restore, {
        why: 'it makes a file on this machine the database.',
      }),
    )
  db.command('reopen')
    .description('use the source of a copy again: removes its fence')
    .action(
      calls('nobody', async () => (await import('../keep/database.ts')).reopen, {
        why: 'it changes the database itself.',
      }),
    )
  db.command('adopt')
    .description('assign the database to this project, for example after the project was renamed')
    .action(
      calls('nobody', async () => (await import('../keep/database.ts')).adopt, {
        why: 'it changes the database itself.',
      }),
    )
}
