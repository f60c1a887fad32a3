import type { CodeTable } from './code-table.ts'

/** Of databases, backups and whoever signs in. */
export const storeCodes: CodeTable = {
  'audit-key-foreign': [
    'The database is sealed with another audit key than this process has.',
    'Give it that key, or say that it is lost: reeve audit key --lost.',
  ],
  'audit-key-in-environment': [
    'The audit keys come from the environment, and are changed there.',
    'Put a new key before the others in REEVE_AUDIT_KEY.',
  ],
  'audit-key-missing': [
    'The database is sealed with an audit key, and this process has none.',
    'Set REEVE_AUDIT_KEY, or put the file audit.key beside the database.',
  ],
  'audit-key-present': ['The audit key is not lost.', 'Rotate it: reeve audit key --rotate.'],
  'secret-changed': [
    'A secret has another version than whoever replaces it has seen.',
    'Read it again; somebody else was first.',
  ],
  'secret-forged': [
    'A sealed value was changed, or put in the place of another.',
    'Set the secret anew, and look at who may write to the database.',
  ],
  'secrets-key-in-environment': [
    'The key for secrets comes from the environment, and is changed there.',
    'Put a new key before the others in REEVE_SECRETS_KEY.',
  ],
  'secrets-key-missing': [
    'A secret is sealed with a key that this process does not have.',
    'Set REEVE_SECRETS_KEY, or bring the file secrets.key; nothing is lost.',
  ],
  'unknown-secret': ['There is no secret of that name.', 'Set it: `reeve secrets set NAME`.'],
  'backup-exists': ['The file of a backup is there already.', 'Name another file.'],
  'backup-failed': ['A backup could not be written.', 'See the cause; nothing was kept.'],
  'backup-postgres': ['Postgres is backed up with its own tools.', 'Use pg_dump as the message says.'],
  'backup-source': ['There is no database to be backed up.', "Check the project's folder and DATABASE_URL."],
  'bad-audit-head': ['A file has no signed head.', 'Give one that reeve audit head wrote.'],
  'bad-audit-key': ['An audit key cannot be used.', 'Do as the message says.'],
  'bad-secrets-key': ['A key for secrets cannot be used.', 'Do as the message says.'],
  'bad-cursor': ['A place in a list is none.', 'Give the `next` of a page as it was answered.'],
  'bad-database-url': [
    "The database's address cannot be read.",
    'Write postgres://USER:PASSWORD@HOST:PORT/DATABASE.',
  ],
  'bad-value': ['A value is none that the database keeps.', 'Correct the value that the message names.'],
  'commit-unknown': [
    'The answer to a commit was lost, and it may be on disk.',
    'Nothing: Reeve looks for it and writes it again if it is not there.',
  ],
  'compact-busy': ['A worker works on the file that is to be written anew.', 'Stop it first.'],
  'compact-no-room': ['There is no room to write the file anew.', 'Free what the message says.'],
  'compact-postgres': ['Postgres gives space back with its own tools.', 'Do as the message says.'],
  'copy-differs': [
    'The copy is not what was read.',
    'Empty the target and copy again; the source is as it was.',
  ],
  'copy-source': ['There is no database to be copied.', 'Check the address.'],
  'copy-source-busy': ['A worker works on what is to be copied.', 'Stop every worker first.'],
  'copy-target-not-empty': ['The target of a copy has rows.', 'Name an empty database.'],
  'copy-unfinished': [
    'All was copied, and the last step failed.',
    'Do as the message says: the source is fenced.',
  ],
  'database-busy': [
    "Another process has held the database's lock for long.",
    'Find that process and end it.',
  ],
  'database-closed': ['The database was closed already.', 'Use it before it is closed.'],
  'database-foreign': [
    "The database holds tables that are not Reeve's.",
    'Point DATABASE_URL at one of its own.',
  ],
  'database-gone': [
    "The database's file was removed or replaced under a running process.",
    'Put it back, and start again; nothing was acknowledged since.',
  ],
  'database-incomplete': [
    'The database holds a part of a copy only.',
    "Wait for the copy's end, or empty it and copy again.",
  ],
  'database-is-backup': [
    'The database is a backup, which nobody may go on with by accident.',
    'Restore it: `reeve db restore`.',
  ],
  'database-missing': ['The server has no such database.', 'Create it, or correct DATABASE_URL.'],
  'database-moved': [
    'The database was copied to another place, where its runs go on.',
    'Point DATABASE_URL there.',
  ],
  'database-newer': ['The database was written by a newer Reeve.', 'Update Reeve.'],
  'database-no-schema': ['The role may use no schema.', 'Create one for it, as the message says.'],
  'database-of-another-project': [
    'The database belongs to another project.',
    'Give this one a database of its own.',
  ],
  'database-read-only': ['The server only answers reads.', 'Point DATABASE_URL at the primary.'],
  'database-refused': [
    'The server refused the sign-in.',
    "Correct the user, the password or the server's rules.",
  ],
  'database-taken': ["Another process has the database's file for itself.", 'Stop that process.'],
  'database-tls': [
    "The server's certificate cannot be trusted.",
    'Give its authority, or correct `sslmode`.',
  ],
  'database-too-old': ['The Postgres server is too old.', 'Update it.'],
  'database-unreachable': ['The database cannot be reached.', 'Start it, or correct the address.'],
  'database-unusable': [
    'The database cannot be opened or read.',
    'Do as the message says; nothing was changed.',
  ],
  'integrity-check-failed': [
    "The check of a database's file did not come to its end.",
    'Try again; if it fails again, restore a backup.',
  ],
  'already-revoked': ['The agent or workflow was revoked before.', 'Nothing is to be done.'],
  'grant-change-undone': ['The change of grants was taken back before.', 'Nothing is to be done.'],
  'last-owner': ['The only owner cannot be taken away.', 'Make another principal owner first.'],
  'no-audit-head': ['No head of the journals was signed yet.', 'Let a worker with an audit key run.'],
  'not-a-backup': [
    'The database is no backup, or was restored already.',
    'Name the file that `reeve db backup` made.',
  ],
  'not-committed': [
    'A transaction in which a statement had failed was rolled back.',
    'See the failed statement.',
  ],
  'not-signed-in': ['The request has no token that is known.', 'Make one: `reeve token create`.'],
  'not-revoked': ['The principal was neither removed nor revoked.', "See the name's spelling."],
  'principal-removed': [
    'The principal that a user of the system was here has been removed.',
    'Ask an owner to reinstate it.',
  ],
  'reserved-name': ['The name means something to Reeve itself.', 'Choose another name.'],
  'unknown-grant-change': ['There is no such change of grants.', "See the id's spelling."],
  'unknown-local-user': [
    'The user of the system is no principal here.',
    'An owner adds it, or act by a token: `REEVE_TOKEN`.',
  ],
  'principal-exists': ['There is, or was, a principal of this name.', 'Choose another name.'],
  'session-expired': ['The session is over.', 'Sign in again.'],
  'sign-in-link-expired': ['The sign-in link has expired.', 'Make a new one: `reeve token sign-in`.'],
  'sign-in-link-used': ['The sign-in link was used before.', 'Make a new one: `reeve token sign-in`.'],
  'sqlite-too-old': ['This Node carries an SQLite that can corrupt a database.', 'Update Node.'],
  'token-expired': ['The token has expired.', 'Make a new one: `reeve token create`.'],
  'token-revoked': ['The token was revoked.', 'Use another one.'],
  'unknown-principal': ['There is no such principal.', "See the name's spelling."],
  'unknown-token': ['There is no such token.', 'See them: `reeve token list`.'],
}
