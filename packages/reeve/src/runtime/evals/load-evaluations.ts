import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { ReeveError } from '../../base/errors.ts'
import { type Evaluation, isEvaluation } from '../../evals/evaluation.ts'
import { importFile } from '../../project/files/import-file.ts'

const ending = /\.eval\.(ts|js|mjs)$/

/** The evaluations of a project: files `evals/NAME.eval.ts`. @throws `broken-file` `bad-eval` */
export async function loadEvaluations(project: string): Promise<Evaluation[]> {
  const folder = join(project, 'evals')
  if (!existsSync(folder)) return []
  const files = readdirSync(folder).filter((file) => ending.test(file))
  const loaded: Evaluation[] = []
  for (const file of files.sort()) {
    const { default: exported } = await importFile(join(folder, file), project)
    if (!isEvaluation(exported))
      throw new ReeveError(
        'bad-eval',
        `${join(folder, file)} must export an evaluation as its default: export default evaluation({ … })`,
      )
    const name = exported.name === '' ? file.replace(ending, '') : exported.name
    if (loaded.some((each) => each.name === name))
      throw new ReeveError('bad-eval', `There are two evaluations named "${name}". Rename one.`)
    loaded.push({ ...exported, name })
  }
  return loaded
}
