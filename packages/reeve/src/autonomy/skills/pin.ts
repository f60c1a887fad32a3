import { readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { messageOf, ReeveError } from '../../base/errors.ts'
import { isRecord } from '../../base/json/record.ts'

/** What a person took: kept beside the skill, and not in it. */
export interface SkillPin {
  /** Of all files of the skill. */
  hash: string
  /** Where it came from, as it was named. */
  from: string
  importedAt: string
  /** By the name of the script: what of it was approved. */
  scripts: Record<string, ApprovedScript>
}

export interface ApprovedScript {
  /** Of its file. */
  program: string
  /** Of what it declares. */
  manifest: string
  approvedAt: string
}

/** Relative to the project. */
export function pinFileOf(skill: string): string {
  return `skills/${skill}.pin.json`
}

/** Undefined: nobody imported it. @throws `bad-skill` */
export async function readPin(project: string, skill: string): Promise<SkillPin | undefined> {
  const file = pinFileOf(skill)
  let text: string
  try {
    text = await readFile(join(project, file), 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
  const refuse = (problem: string) =>
    new ReeveError(
      'bad-skill',
      `${file}:1: ${problem}. Restore the file, or import the skill again: reeve skills import PATH --replace`,
    )
  try {
    const pin = JSON.parse(text) as SkillPin
    if (isRecord(pin) && typeof pin.hash === 'string' && isRecord(pin.scripts)) return pin
  } catch (error) {
    throw refuse(messageOf(error))
  }
  throw refuse('it is not a pin of a skill')
}

/** All of the new pin or all of the old one, whenever this process dies. */
export async function writePin(project: string, skill: string, pin: SkillPin): Promise<void> {
  const file = join(project, pinFileOf(skill))
  await writeFile(`${file}.new`, `${JSON.stringify(pin, null, 2)}\n`, { flush: true })
  await rename(`${file}.new`, file)
}
