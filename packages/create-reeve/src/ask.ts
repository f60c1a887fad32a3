import * as prompts from '@clack/prompts'
import { isTemplate, type Template, templates } from './templates.ts'

export interface Wanted {
  /** As a person writes it: from the current folder. */
  folder: string
  template: Template
}

/** Asks a person for what was not given yet. Undefined: they changed their mind. */
export async function askForProject(given: Partial<Wanted>): Promise<Wanted | undefined> {
  prompts.intro('A new project for Reeve')
  const folder =
    given.folder ??
    (await prompts.text({ message: 'In which folder?', placeholder: 'my-desk', defaultValue: 'my-desk' }))
  if (prompts.isCancel(folder)) return leave()
  const template =
    given.template ??
    (await prompts.select({
      message: `What is ${folder} to begin with?`,
      options: Object.entries(templates).map(([value, { title, words }]) => ({
        value,
        label: title,
        hint: words,
      })),
    }))
  if (prompts.isCancel(template) || !isTemplate(template)) return leave()
  return { folder, template }
}

function leave(): undefined {
  prompts.cancel('Nothing was written.')
}
