/**
 * What a new project is made of: for `npm create reeve` and `reeve init`, which write the same.
 * @module
 */

export { askForProject } from './ask.ts'
export { type CreatedProject, createProject, filesIn, type ProjectOptions } from './create-project.ts'
export { isTemplate, type Template, templates } from './templates.ts'
