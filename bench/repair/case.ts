/** A broken program with its tests, what is recorded of it, and what is proposed in its place. */
export interface RepairCase {
  name: string
  language: Language
  /** Of the fault; of a foreign case: `foreign`. */
  kind: string
  /** The file it stands in; absent: by its name and language. */
  file?: string
  broken: string
  /** Programs, by the names of their files. */
  tests: { [file: string]: string }
  proposals: Proposal[]
  /** Absent: its tests alone show what is wrong. */
  recorded?: {
    fails: Inputs
    good: { inputs: Inputs; output: unknown }[]
    refused: Inputs[]
    /** What no gate sees, with what is right: undefined where it has to fail. */
    held: { inputs: Inputs; output: string | undefined }[]
  }
}

export type Language = 'shell' | 'node' | 'python'
export type Inputs = { [name: string]: never }

export interface Proposal {
  source: string
  verdict: 'right' | 'wrong' | 'hostile'
  /** What it is, for the table. */
  label: string
}

export const endings: Readonly<Record<Language, string>> = { shell: 'sh', node: 'mjs', python: 'py' }
