import { existsSync } from 'node:fs'
import { chmod, cp, mkdir, rename, rm } from 'node:fs/promises'
import { basename, join, resolve } from 'node:path'
import { ReeveError } from '../../base/errors.ts'
import { nameAdvice } from '../../base/text/nearest-name.ts'
import { manifestExample } from '../scripts/read-manifest.ts'
import { loadSkill } from './load-skills.ts'
import { readPin, type SkillPin, writePin } from './pin.ts'
import { manifestFolderOf, type Skill, type SkillScript } from './skill.ts'
import { hashOfFiles, skillFiles } from './skill-files.ts'

/**
 * Takes a skill into a project: its folder is copied, without the right to be executed, and pinned by a hash of all its files. Approvals of
 * scripts hold where neither the script nor what it declares changed.
 * @throws `bad-skill` `skill-exists`
 */
export async function importSkill(
  project: string,
  from: string,
  { now, replace = false }: { now: number; replace?: boolean },
): Promise<Skill> {
  const source = resolve(from)
  const name = basename(source)
  if (!existsSync(join(source, 'SKILL.md')))
    throw new ReeveError(
      'bad-skill',
      `${from} has no SKILL.md: it is not a skill. Name the folder that has the file. Nothing was taken.`,
    )
  const files = await skillFiles(source)
  const target = join(project, 'skills', name)
  const before = await readPin(project, name).catch((error) => {
    if (replace) return undefined
    throw error
  })
  if (existsSync(target) && source !== target && !replace)
    throw new ReeveError(
      'skill-exists',
      `The project has a skill "${name}". Look at what differs, and take the other with --replace. Nothing was changed.`,
    )
  if (source !== target) await takeFolder(source, target, hashOfFiles(files))
  const pin: SkillPin = {
    hash: hashOfFiles(files),
    from,
    importedAt: new Date(now).toISOString(),
    scripts: before?.scripts ?? {},
  }
  await writePin(project, name, pin)
  return loadSkill(project, name)
}

/** Copied beside, read as a skill, and then put in its place: one that cannot be read leaves nothing. */
async function takeFolder(source: string, target: string, hash: string): Promise<void> {
  const name = basename(target)
  const staging = `${target}.staging`
  const draft = join(staging, 'skills', name)
  await rm(staging, { recursive: true, force: true })
  try {
    await mkdir(join(staging, 'skills'), { recursive: true })
    await cp(source, draft, { recursive: true, dereference: false })
    const taken = await skillFiles(draft)
    if (hashOfFiles(taken) !== hash)
      throw new ReeveError('bad-skill', `The skill in ${source} changed while it was copied. Take it again.`)
    for (const { path } of taken) await chmod(join(draft, path), 0o644)
    await loadSkill(staging, name)
    await rm(target, { recursive: true, force: true })
    await rename(draft, target)
  } finally {
    await rm(staging, { recursive: true, force: true })
  }
}

/**
 * Lets a script of a skill be called, as it is and as it declares itself now.
 * @throws `unknown-script` `script-quarantined`
 */
export async function approveSkillScript(
  project: string,
  skill: Skill,
  script: string,
  now: number,
): Promise<SkillScript> {
  const name = script.startsWith(`${skill.name}/`) ? script : `${skill.name}/${script}`
  const found = skill.scripts.find((each) => each.name === name)
  const names = skill.scripts.map((each) => each.name)
  if (!found)
    throw new ReeveError(
      'unknown-script',
      `Skill "${skill.name}" has no script "${script}". ${nameAdvice(name, names)}`,
    )
  const pin = await readPin(project, skill.name)
  const bare = name.slice(skill.name.length + 1)
  if (!pin || skill.standing !== 'pinned')
    throw new ReeveError(
      'script-quarantined',
      `${found.file} was not approved: ${found.quarantined}. Look at the skill, and import it first: reeve skills import ${skill.folder}`,
    )
  if (!found.script)
    throw new ReeveError(
      'script-quarantined',
      `${found.file} was not approved: ${found.quarantined}. Say in ${manifestFolderOf(skill.name)}/${bare}.yaml what it does and needs, without the first line:\n    ${manifestExample}`,
    )
  const { hash: program, manifestHash: manifest } = found.script
  const approved = { program, manifest, approvedAt: new Date(now).toISOString() }
  await writePin(project, skill.name, { ...pin, scripts: { ...pin.scripts, [bare]: approved } })
  return { ...found, quarantined: null }
}
