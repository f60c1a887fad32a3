import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { LineProblems, refuseProblems } from '../line-problems.ts'
import { filesIn, programsAmong, scriptAt } from '../scripts/load-scripts.ts'
import type { Script } from '../scripts/script.ts'
import { scriptTool } from '../scripts/script-tool.ts'
import { pinFileOf, readPin, type SkillPin } from './pin.ts'
import { readSkillText } from './read-skill.ts'
import { manifestFolderOf, type Skill, type SkillScript } from './skill.ts'
import { hashOfFiles, skillFiles } from './skill-files.ts'

const mostTextBytes = 262_144

/**
 * The skills of a project's folder `skills/`, all or none. None of their scripts is called by loading them.
 * @throws `bad-skill`, with the file, the line and how to write it
 */
export async function loadSkills(project: string): Promise<Skill[]> {
  const skills: Skill[] = []
  const names = (await filesIn(join(project, 'skills'))).filter((each) => !each.startsWith('.'))
  for (const name of names) {
    if (/\.(?:scripts|staging)$/.test(name) || !(await stat(join(project, 'skills', name))).isDirectory())
      continue
    skills.push(await loadSkill(project, name))
  }
  return skills
}

/** @throws `bad-skill` */
export async function loadSkill(project: string, name: string): Promise<Skill> {
  const folder = `skills/${name}`
  const problems = new LineProblems(`${folder}/SKILL.md`)
  const files = await skillFiles(join(project, folder))
  const bytes = files.some(({ path }) => path === 'SKILL.md')
    ? await readFile(join(project, folder, 'SKILL.md'))
    : undefined
  if (!bytes) problems.add(1, 'there is no such file, which each skill begins with')
  else if (bytes.length > mostTextBytes)
    problems.add(1, `it has ${bytes.length} bytes, and ${mostTextBytes} are the most`)
  else if (!Buffer.from(bytes.toString('utf8')).equals(bytes))
    problems.add(1, 'it is not UTF-8 text. Save it as UTF-8')
  const text =
    bytes && problems.found.length === 0
      ? await readSkillText(bytes.toString('utf8'), name, problems)
      : undefined
  refuseProblems('bad-skill', problems.found)
  const pin = await readPin(project, name)
  const hash = hashOfFiles(files)
  const standing = !pin ? 'new' : pin.hash === hash ? 'pinned' : 'changed'
  const scripts = await scriptsOf(project, name, { pin, standing })
  return { ...text!, folder, hash, standing, scripts }
}

/** Those of all skills that a person approved as they are. */
export function approvedScripts(skills: readonly Skill[]): Script[] {
  return skills.flatMap(({ scripts }) =>
    scripts.flatMap(({ script, quarantined }) => (script && quarantined === null ? [script] : [])),
  )
}

async function scriptsOf(
  project: string,
  skill: string,
  { pin, standing }: { pin: SkillPin | undefined; standing: Skill['standing'] },
): Promise<SkillScript[]> {
  const directory = `skills/${skill}/scripts`
  const manifests = manifestFolderOf(skill)
  const place = {
    directory,
    files: await filesIn(join(project, directory)),
    manifests: { directory: manifests, files: await filesIn(join(project, manifests)) },
    nameOf: (file: string) => `${skill}/${file}`,
  }
  const found: SkillScript[] = []
  for (const each of programsAmong(place.files)) {
    const file = `${directory}/${each}`
    const problems = new LineProblems(file)
    const script = await scriptAt(project, place, each, problems)
    if (!script && problems.found.length === 0) continue
    const bare = each.replace(/\.\w+$/, '')
    const approved = pin && Object.hasOwn(pin.scripts, bare) ? pin.scripts[bare] : undefined
    const isApproved = script?.hash === approved?.program && script?.manifestHash === approved?.manifest
    const quarantined =
      standing === 'new'
        ? `nobody imported the skill: there is no ${pinFileOf(skill)}`
        : standing === 'changed'
          ? 'the skill is not what was imported'
          : !script
            ? problems.found.map(({ problem }) => problem).join('; ')
            : !approved
              ? 'nobody approved it'
              : isApproved
                ? null
                : 'it, or what it declares, is not what was approved'
    const name = place.nameOf(bare)
    found.push({
      ...{ name, file, quarantined },
      script: script && quarantined === null ? asApproved(project, script) : script,
    })
  }
  return found
}

/** It runs as it is now, and not as its file may be later. */
function asApproved(project: string, script: Script): Script {
  const approved = { ...script, approved: script.hash }
  return { ...approved, tool: scriptTool(project, approved, script.tool.name) }
}
