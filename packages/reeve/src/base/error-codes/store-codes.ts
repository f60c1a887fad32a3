import type { CodeTable } from './code-table.ts'

/** Of databases, backups and sign-in. */
export const storeCodes: CodeTable = {
  'audit-key-foreign': [
    'The database is sealed with another audit key than this process has.',
    'Give this process that key. If the key is lost: `reeve audit key --lost`.',
  ],
  'audit-key-in-environment': [
    'The audit keys come from the environment and must be changed there.',
    'Put a new key before the others in REEVE_AUDIT_KEY.',
  ],
  'audit-key-missing': [
    'The database is sealed with an audit key, and this process has none.',
    'Set REEVE_AUDIT_KEY, or put the file audit.key beside the database.',
  ],
  'audit-key-present': ['The audit key is not lost.', 'Rotate it: `reeve audit key --rotate`.'],
  'secret-changed': [
    'The secret was replaced by somebody else in the meantime.',
    'Read its version again, then replace it.',
  ],
  'secret-needed': [
    'The secret seals texts that can still be opened, so it cannot be deleted.',
    'To remove personal texts, run `reeve erase --subject TEXT`. The secret can be deleted only when its own key is lost.',
  ],
  'secret-forged': [
    'A sealed value was changed, or was put in the place of another.',
    'Set the secret again, and find out who can write to the database.',
  ],
  'secrets-key-in-environment': [
    'The key for secrets comes from the environment and must be changed there.',
    'Put a new key before the others in REEVE_SECRETS_KEY.',
  ],
  'secrets-key-missing': [
    'A secret is sealed with a key that this process does not have.',
    'Set REEVE_SECRETS_KEY, or put the file secrets.key in its place. Nothing is lost.',
  ],
  'unknown-secret': ['There is no secret of that name.', 'Set it: `reeve secrets set NAME`.'],
  'file-not-written': [
    'A file that a command was told to write cannot be written, or is there already.',
    'Name a new file in a folder that is there.',
  ],
  'backup-exists': ['The backup file exists already.', 'Name another file.'],
  'backup-failed': ['The backup could not be written.', 'See `cause`. The unfinished file was removed.'],
  'backup-postgres': [
    'Reeve does not back up Postgres; Postgres has its own tools.',
    'Use `pg_dump --format=custom --file=reeve.dump` with the connection of DATABASE_URL.',
  ],
  'backup-source': ['There is no database to back up.', "Check the project's folder and DATABASE_URL."],
  'bad-audit-head': ['The file holds no signed head.', 'Give a file that `reeve audit head` wrote.'],
  'bad-audit-key': [
    'The audit key is invalid: it is not 32 bytes as base64url, or its file is empty.',
    'Make one: `node -p "crypto.randomBytes(32).toString(\'base64url\')"`.',
  ],
  'bad-secrets-key': [
    'The key for secrets is invalid: it is not 32 bytes as base64url, or its file is empty.',
    'Make one: `node -p "crypto.randomBytes(32).toString(\'base64url\')"`.',
  ],
  'bad-cursor': [
    'The page cursor is invalid.',
    'Give `next` exactly as the page before returned it, with the same filter. For the first page, leave it out.',
  ],
  'bad-database-url': [
    "The database's address cannot be read.",
    'Write postgres://USER:PASSWORD@HOST:PORT/DATABASE.',
  ],
  'bad-value': [
    'The database cannot store the value: it has the wrong type for its column.',
    'Give a value of the right type: a text for a text, a finite number for a number.',
  ],
  'commit-unknown': [
    'The answer to a commit was lost, so the commit may be on disk.',
    'No action needed: Reeve looks for it, and writes it again if it is not there.',
  ],
  'compact-busy': ['A worker is using the file that would be rewritten.', 'Stop the worker first.'],
  'compact-no-room': [
    'The disk has too little room to rewrite the file.',
    'Free space on the disk, or compact a copy elsewhere: `reeve backup FILE` writes one without the empty parts.',
  ],
  'compact-postgres': [
    'Reeve does not compact Postgres; Postgres has its own tools.',
    'Its autovacuum reuses the space. To make the files smaller, stop the workers and run `vacuum full` as the owner of the tables.',
  ],
  'copy-differs': [
    'The copy differs from what was read.',
    'Empty the target and copy again. The source is unchanged.',
  ],
  'copy-source': ['There is no database to copy.', 'Check the address.'],
  'copy-source-busy': ['A worker is using the database that would be copied.', 'Stop every worker first.'],
  'copy-target-not-empty': ['The target of the copy has rows.', 'Name an empty database.'],
  'copy-unfinished': [
    'All rows were copied, but the last step failed. The source is fenced: nobody can work with it.',
    'Run `reeve doctor` at the target. If the target is refused as incomplete, empty it, open the source with `reeve db reopen`, and copy again.',
  ],
  'database-busy': [
    "Another process holds the database's lock for too long.",
    'Find that process and end it.',
  ],
  'database-closed': ['The database was closed before.', 'Use the runtime before it is closed.'],
  'database-foreign': [
    "The database holds tables that are not Reeve's.",
    'Point DATABASE_URL at a database for Reeve alone.',
  ],
  'database-gone': [
    "The database's file was removed or replaced while a process used it.",
    'Put the file back, and start again. Nothing was acknowledged since.',
  ],
  'database-incomplete': [
    'The database holds only a part of a copy.',
    'Wait until the copy has ended, or empty the database and copy again.',
  ],
  'database-is-backup': [
    'The database is a backup, which no worker may use by accident.',
    'Restore it: `reeve db restore`.',
  ],
  'database-missing': ['The server has no database of this name.', 'Create it, or correct DATABASE_URL.'],
  'database-moved': [
    'The database was copied to another place, where its runs continue.',
    'Point DATABASE_URL at that place.',
  ],
  'database-newer': ['The database was written by a newer Reeve.', 'Update Reeve.'],
  'database-no-schema': [
    'The database role may use no schema.',
    "Create one (create schema reeve authorization ROLE), or set the role's search_path.",
  ],
  'database-of-another-project': [
    'The database belongs to another project.',
    'Give this project a database of its own.',
  ],
  'database-read-only': ['The server is read-only.', 'Point DATABASE_URL at the primary.'],
  'database-refused': [
    'The server refused the sign-in.',
    "Correct the user, the password or the server's rules.",
  ],
  'database-taken': ["Another process holds the database's file exclusively.", 'Stop that process.'],
  'database-tls': [
    "The server's certificate cannot be verified.",
    'Give the certificate of its authority, or correct `sslmode`.',
  ],
  'database-too-old': ['The Postgres server is too old.', 'Update it.'],
  'database-unreachable': ['The database cannot be reached.', 'Start it, or correct the address.'],
  'database-unusable': [
    'The database cannot be opened or read: a damaged file, missing rights, or a full disk. Nothing was changed.',
    'Check the disk and the rights of the file or role. If the file is damaged, restore a backup.',
  ],
  'integrity-check-failed': [
    "The check of the database's file did not finish.",
    'Try again; if it fails again, restore a backup.',
  ],
  'already-revoked': ['The agent or workflow was revoked before.', 'No action needed.'],
  'grant-change-undone': ['The change of grants was revoked before.', 'No action needed.'],
  'last-owner': ['The only owner cannot be removed.', 'Make another principal an owner first.'],
  'no-audit-head': ['No head of the journals was signed yet.', 'Start a worker that has an audit key.'],
  'not-a-backup': [
    'The database is not a backup, or was restored before.',
    'Name a file that `reeve backup` made.',
  ],
  'not-committed': [
    'The transaction was rolled back because one of its statements failed.',
    'See the failed statement in `cause`.',
  ],
  'not-signed-in': ['The request has no valid token.', 'Make one: `reeve token create`.'],
  'not-revoked': ['The principal was neither removed nor revoked.', 'Check the spelling of the name.'],
  'principal-removed': [
    'The principal of this user of the system was removed.',
    'Ask an owner to reinstate it.',
  ],
  'reserved-name': ['The name is reserved for Reeve.', 'Choose another name.'],
  'unknown-grant-change': ['There is no such change of grants.', 'Check the id: `reeve grants` lists them.'],
  'unknown-local-user': [
    'The user of the system is not a principal of this project.',
    'Ask an owner to add the user, or use a token: REEVE_TOKEN.',
  ],
  'principal-exists': ['A principal of this name exists, or existed before.', 'Choose another name.'],
  'session-expired': ['The session has expired.', 'Sign in again.'],
  'sign-in-link-expired': ['The sign-in link has expired.', 'Make a new one: `reeve token sign-in`.'],
  'sign-in-link-used': ['The sign-in link was used before.', 'Make a new one: `reeve token sign-in`.'],
  'sqlite-too-old': ['This Node has an SQLite version that can corrupt a database.', 'Update Node.'],
  'token-expired': ['The token has expired.', 'Make a new one: `reeve token create`.'],
  'token-revoked': ['The token was revoked.', 'Use another token.'],
  'unknown-principal': ['There is no such principal.', 'Check the spelling: `reeve principals` lists them.'],
  'unknown-token': ['There is no such token.', 'See the tokens: `reeve token list`.'],
}
