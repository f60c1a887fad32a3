import { approveSkillScript, importSkill } from '../../autonomy/skills/import-skill.ts'
import { loadSkills } from '../../autonomy/skills/load-skills.ts'
import type { Skill } from '../../autonomy/skills/skill.ts'
import { ReeveError } from '../../base/errors.ts'
import { nameAdvice } from '../../base/text/nearest-name.ts'
import { safeLine } from '../../base/text/one-line.ts'
import { systemClock } from '../../base/time/time.ts'
import type { Cli } from '../cli.ts'
import { type ExitCode, exitCodes } from '../terminal/exit-codes.ts'
import { projectFolder } from '../terminal/workspace.ts'

const standings = {
  pinned: 'as it was imported',
  new: 'not imported: nobody pinned it',
  changed: 'not what was imported',
} as const

export async function skillList(cli: Cli): Promise<ExitCode> {
  const skills = await loadSkills(projectFolder(cli))
  const { terminal } = cli
  const { bold, dim } = terminal.colors
  terminal.value({ skills: skills.map(shown) })
  if (skills.length === 0)
    terminal.line(`The project has no skills. Import one: ${cli.command('skills', 'import', 'PATH')}`)
  for (const { name, description, standing, scripts } of skills) {
    const held = scripts.filter(({ quarantined }) => quarantined !== null).length
    terminal.line(`${bold(safeLine(name))}  ${safeLine(description)}`)
    terminal.line(dim(`  ${standings[standing]}; ${scripts.length} scripts, ${held} of them in quarantine`))
  }
  return exitCodes.done
}

export async function skillShow(cli: Cli, _: object, name: string): Promise<ExitCode> {
  const skill = await ownSkill(cli, name)
  const { terminal } = cli
  terminal.value(shown(skill))
  terminal.line(`${terminal.colors.bold(safeLine(name))}: ${safeLine(skill.description)}`)
  terminal.line(`  ${skill.folder}, ${standings[skill.standing]}; hash ${skill.hash}`)
  const wishes = skill.asksFor.length === 0 ? 'asks for no tools' : `asks for ${skill.asksFor.join(', ')}`
  terminal.line(safeLine(`  ${wishes}; nothing is granted by that`))
  for (const { name: script, quarantined } of skill.scripts)
    terminal.line(safeLine(`  ${script}: ${quarantined ? `quarantined: ${quarantined}` : 'approved'}`))
  for (const line of skill.instructions.split('\n')) terminal.line(safeLine(line))
  return exitCodes.done
}

export async function skillImport(cli: Cli, options: { replace?: boolean }, path: string): Promise<ExitCode> {
  const skill = await importSkill(projectFolder(cli), path, { ...options, now: systemClock.now() })
  const { terminal } = cli
  terminal.value(shown(skill))
  terminal.line(`${safeLine(skill.name)} is in ${skill.folder}, pinned by ${skill.hash}.`)
  for (const { name, quarantined } of skill.scripts)
    terminal.line(safeLine(`  ${name}: ${quarantined ? `quarantined: ${quarantined}` : 'approved before'}`))
  return exitCodes.done
}

export async function skillApprove(cli: Cli, _: object, script: string): Promise<ExitCode> {
  const skill = await ownSkill(cli, script.split('/')[0]!)
  const approved = await approveSkillScript(projectFolder(cli), skill, script, systemClock.now())
  const { manifest, hash, tool } = approved.script!
  const { terminal } = cli
  terminal.value({ script: approved.name, tool: tool.name, hash })
  const network = manifest.network ? 'may use the network' : 'no network'
  terminal.line(
    safeLine(`${approved.name} may be called as ${tool.name}: ${manifest.effect}, ${network}; hash ${hash}.`),
  )
  terminal.line('A change of it, or of what it declares, quarantines it again.')
  return exitCodes.done
}

/** @throws `unknown-skill` */
async function ownSkill(cli: Cli, name: string): Promise<Skill> {
  const skills = await loadSkills(projectFolder(cli))
  const found = skills.find((skill) => skill.name === name)
  if (found) return found
  const names = skills.map((skill) => skill.name)
  throw new ReeveError('unknown-skill', `There is no skill "${name}". ${nameAdvice(name, names)}`)
}

function shown({ scripts, ...skill }: Skill): object {
  return {
    ...skill,
    scripts: scripts.map(({ name, file, quarantined }) => ({ name, file, quarantined })),
  }
}
