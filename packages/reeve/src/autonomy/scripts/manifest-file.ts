import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { messageOf } from '../../base/errors.ts'
import { LineProblems } from '../line-problems.ts'
import { headBlockOf } from './head-comment.ts'
import { type LineOf, manifestExample, readManifest } from './read-manifest.ts'
import type { Script, ScriptManifest } from './script.ts'

/** What a manifest holds, and where its parts stand. */
export interface ReadYaml {
  value: unknown
  lineOf: LineOf
}

/** That of a program's head comment. */
export async function headManifest(bytes: Buffer, problems: LineProblems): Promise<ReadYaml | undefined> {
  const block = headBlockOf(bytes.toString('utf8'))
  if (block) return yamlManifest(block.yaml, block.line, problems)
  problems.add(1, `it has no manifest. Begin it with a comment:\n    ${manifestExample}`)
  return undefined
}

/** The manifest as it stands on disk now, for whoever runs what may have changed. Undefined: it cannot be read. */
export async function currentManifest(
  project: string,
  script: Pick<Script, 'file' | 'manifestFile'>,
): Promise<ScriptManifest | undefined> {
  const problems = new LineProblems(script.manifestFile)
  const bytes = await readFile(join(project, script.manifestFile))
  const isBeside = script.manifestFile !== script.file
  const read = isBeside
    ? await yamlManifest(bytes.toString('utf8'), 1, problems)
    : await headManifest(bytes, problems)
  const manifest = read && readManifest(read.value, read.lineOf, problems)
  return problems.found.length === 0 ? manifest : undefined
}

/** YAML, and so JSON too. */
export async function yamlManifest(
  text: string,
  firstLine: number,
  problems: LineProblems,
): Promise<ReadYaml | undefined> {
  const { isNode, LineCounter, parseDocument } = await import('yaml')
  const lineCounter = new LineCounter()
  const document = parseDocument(text, { lineCounter, prettyErrors: false, stringKeys: true })
  const lineAt = (offset: number) => firstLine - 1 + (lineCounter.linePos(offset).line || 1)
  for (const { pos, message } of document.errors)
    problems.add(lineAt(pos[0]), `its YAML cannot be read: ${message}`)
  if (document.errors.length > 0) return undefined
  const lineOf: LineOf = (...path) => {
    const node = document.getIn(
      path.map((part) => (/^\d+$/.test(part) ? Number(part) : part)),
      true,
    )
    return isNode(node) && node.range ? lineAt(node.range[0]) : firstLine
  }
  try {
    return { value: document.toJS({ maxAliasCount: 10 }), lineOf }
  } catch (error) {
    problems.add(firstLine, `its YAML cannot be read: ${messageOf(error)}`)
    return undefined
  }
}
