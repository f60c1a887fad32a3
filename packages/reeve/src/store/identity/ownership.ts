import { ReeveError } from '../../base/errors.ts'
import type { Database, Session } from '../database.ts'

/** A project, as it presents itself to a database. */
export interface Claimant {
  name: string
  /** It was given this name. Otherwise the name is only its folder's, which may differ from host to host. */
  isNamed: boolean
  /** The database is a file in the project's own folder: a mistake is unlikely. */
  isAtHome: boolean
  workflows: readonly string[]
}

/** Under which names a project has used a database, the newest last. */
export interface Owner {
  names: string[]
  isNamed: boolean
}

/**
 * Notes at its first use which project a database belongs to, and refuses another one. Workers of one project run on
 * many hosts, in folders of any name, and to refuse one of them would be worse than to let a stranger pass. So another
 * name alone is reason enough only where both were given, and the file is not the project's own. Otherwise the runs
 * decide: a database whose runs are all of workflows that this project does not have is another's.
 * @throws `database-of-another-project`
 */
export async function claimDatabase(database: Database, given: Claimant): Promise<void> {
  const claimant = asRecorded(database, given)
  if ((await readOwner(database))?.names.includes(claimant.name)) return
  await database.transaction(async (session) => {
    const owner = await firstOwner(session, claimant)
    if (owner.names.includes(claimant.name)) return
    const isSure = owner.isNamed && claimant.isNamed && !claimant.isAtHome
    if (isSure || (await hasOnlyForeignRuns(session, claimant.workflows)))
      throw ofAnother(database, owner, claimant)
    if (claimant.isNamed) await addName(session, owner, claimant.name)
  })
}

/** Says that a database belongs to the project of this name too, as after it was renamed. */
export async function adoptDatabase(database: Database, given: Claimant): Promise<Owner> {
  const claimant = asRecorded(database, given)
  await database.transaction(async (session) => {
    const owner = await firstOwner(session, claimant)
    if (!owner.names.includes(claimant.name)) await addName(session, owner, claimant.name)
  })
  return (await readOwner(database))!
}

/** A name that is a secret, too (as a password that is the project's name), is recorded as one: compared as it is, it would never be found. */
function asRecorded({ secrets }: Database, claimant: Claimant): Claimant {
  return { ...claimant, name: secrets?.redact(claimant.name) ?? claimant.name }
}

/** Undefined while no project has used the database. */
export async function readOwner(session: Session, lock = ''): Promise<Owner | undefined> {
  const row = await session.get<{ value: string }>(`select value from meta where name = 'project' ${lock}`)
  return row && (JSON.parse(row.value) as Owner)
}

/** Gives a copy the owner of what it was made from. */
export async function copyOwner(source: Session, target: Session): Promise<void> {
  const owner = await readOwner(source)
  if (!owner) return
  await target.run(
    `insert into meta (name, value) values ('project', ?) on conflict (name) do update set value = excluded.value`,
    [JSON.stringify(owner)],
  )
}

/** Whoever comes first owns it; of those who come at one moment, one does. */
async function firstOwner(session: Session, { name, isNamed }: Claimant): Promise<Owner> {
  const first: Owner = { names: [name], isNamed }
  await session.run(`insert into meta (name, value) values ('project', ?) on conflict (name) do nothing`, [
    JSON.stringify(first),
  ])
  return (await readOwner(session, '{lock}')) ?? first
}

/** A name that was given goes before one that was guessed. */
async function addName(session: Session, owner: Owner, name: string): Promise<void> {
  const names = owner.isNamed ? [...owner.names, name] : [name]
  await session.run(`update meta set value = ? where name = 'project'`, [
    JSON.stringify({ names, isNamed: true } satisfies Owner),
  ])
}

/** Runs of the runtime's own workflows, of daemons and of directives tell nothing of whose they are. */
async function hasOnlyForeignRuns(session: Session, workflows: readonly string[]): Promise<boolean> {
  const telling = `select 1 as found from runs
    where workflow not like 'reeve.%' and workflow not like 'daemon:%' and workflow not like 'directive:%' limit 1`
  if ((await session.get(telling)) === undefined) return false
  const marks = workflows.map(() => '?').join(', ')
  if (marks === '') return false
  const known = await session.get(`select 1 as found from runs where workflow in (${marks}) limit 1`, [
    ...workflows,
  ])
  return known === undefined
}

function ofAnother(database: Database, owner: Owner, { name }: Claimant): ReeveError {
  const apart =
    database.kind === 'sqlite'
      ? 'a file of its own (leave DATABASE_URL out for .reeve/reeve.db in its folder)'
      : 'a database of its own, or a schema of its own (create schema NAME; then ?options=-c%20search_path%3DNAME at the end of DATABASE_URL)'
  const belongs = owner.names.at(-1)!
  return new ReeveError(
    'database-of-another-project',
    `${database.place} belongs to the project "${belongs}", and this one is "${name}": each would claim the other's runs. Give this one ${apart}. If it is the same project under another name, say so once: reeve db adopt. Nothing was changed.`,
    { details: { belongsTo: belongs, project: name } },
  )
}
