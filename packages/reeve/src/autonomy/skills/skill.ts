import type { Script } from '../scripts/script.ts'

/** What a `SKILL.md` says. */
export interface SkillText {
  name: string
  description: string
  license: string | null
  /** The tools that it asks for (`allowed-tools`): a request to whoever reads it, and never a grant. */
  asksFor: string[]
  /** Its text, without the front matter. */
  instructions: string
}

/** A folder of somebody else's: instructions, programs and documents (Agent Skills, `SKILL.md`). */
export interface Skill extends SkillText {
  /** Relative to the project: `skills/pdf`. */
  folder: string
  /** Of all its files. */
  hash: string
  /** `pinned`: as it was imported. `new`: nobody imported it. `changed`: it is not what was imported. */
  standing: 'pinned' | 'new' | 'changed'
  scripts: SkillScript[]
}

/** A program that came with a skill. */
export interface SkillScript {
  /** `pdf/fill_form` */
  name: string
  /** Relative to the project. */
  file: string
  /** Why nothing may call it; null: a person approved it as it is. */
  quarantined: string | null
  /** What it declares; undefined: nothing yet that could be read. */
  script: Script | undefined
}

/** Where the manifests of a skill's scripts are: they are the project's, and not of the skill. */
export function manifestFolderOf(skill: string): string {
  return `skills/${skill}.scripts`
}
