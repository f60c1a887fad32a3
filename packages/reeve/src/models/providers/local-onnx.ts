import { existsSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { ReeveError } from '../../base/errors.ts'
import { importOptional } from '../../base/optional-package.ts'
import { checkOptions } from '../../base/options.ts'
import { describeValue } from '../../base/text/shorten.ts'
import { WordPieces } from '../local/text/word-piece.ts'
import type { Answer } from '../solver.ts'
import { type EmbedderSolver, encodeVectors } from './embedding.ts'

/** For `localOnnx`. */
export interface LocalOnnxOptions {
  /** A folder with `model.onnx` (or `onnx/model.onnx`, or another single name by `file`) and `vocab.txt`. */
  path: string
  /** The model's file in that folder. Default: the first of `model.onnx`, `onnx/model.onnx`, `onnx/model_q4.onnx` that is there. */
  file?: string | undefined
  /** What its vectors are kept under: another one for another model. Default: `onnx/` and the folder's name. */
  name?: string | undefined
  /** What words have to say against its vectors where memory is searched, 0 to 1 (up to 0.5: less where no item has the words together). Default 0.5. */
  wordShare?: number | undefined
  /** How many pieces of a text it reads, at most. Default 256. */
  most?: number | undefined
  /** How many threads it computes with. Default 1. */
  threads?: number | undefined
}

/** As much of onnxruntime-node as is used. */
interface OnnxRuntime {
  InferenceSession: { create(file: string, options: object): Promise<OnnxSession> }
  Tensor: new (type: 'int64', data: BigInt64Array, dimensions: number[]) => object
}

interface OnnxSession {
  readonly inputNames: readonly string[]
  run(
    inputs: Record<string, object>,
  ): Promise<Record<string, { data: Float32Array; dims: readonly number[] }>>
}

const files = ['model.onnx', 'onnx/model.onnx', 'onnx/model_q4.onnx']
const batchTexts = 16

/**
 * A sentence model of the BERT family on this machine (all-MiniLM-L6-v2, bge, e5), by `onnxruntime-node`: install it with
 * `ONNXRUNTIME_NODE_INSTALL=skip`, for its own script downloads what a processor does not need. The mean of the pieces' vectors counts.
 * Nothing leaves the machine.
 * @throws `bad-embedder` where the folder holds no model; a question `missing-package`
 * @example
 * import { defineConfig, localOnnx } from 'reeve'
 *
 * export default defineConfig({ embedders: { default: localOnnx({ path: 'models/all-MiniLM-L6-v2' }) } })
 */
export function localOnnx(options: LocalOnnxOptions): EmbedderSolver {
  checkOptions(options, 'localOnnx', { path: 'text!', file: 'text', name: 'text' })
  const { path, wordShare = 0.5, most = 256, threads = 1 } = options
  if (!(wordShare >= 0 && wordShare <= 1))
    throw new ReeveError(
      'bad-option',
      `\`wordShare\` of localOnnx is ${describeValue(wordShare)}; it is a share, 0 to 1.`,
    )
  const file = (options.file === undefined ? files : [options.file]).find((one) =>
    existsSync(join(path, one)),
  )
  if (file === undefined || !existsSync(join(path, 'vocab.txt')))
    throw new ReeveError(
      'bad-embedder',
      `${path} holds no ${file === undefined ? (options.file ?? files.join(' or ')) : 'vocab.txt'}. localOnnx needs a model and its vocab.txt.`,
    )
  let loading: Promise<Loaded> | undefined
  return {
    name: options.name ?? `onnx/${basename(path)}`,
    kind: 'local',
    wordShare,
    async solve({ input }, { signal }) {
      loading ??= load(path, file, threads).catch((error) => {
        loading = undefined
        throw error
      })
      return embedAll(await loading, input as string[], most, signal)
    },
  }
}

interface Loaded {
  runtime: OnnxRuntime
  session: OnnxSession
  pieces: WordPieces
}

async function load(path: string, file: string, threads: number): Promise<Loaded> {
  const runtime = await importRuntime()
  const options = { intraOpNumThreads: threads, interOpNumThreads: 1, logSeverityLevel: 3 }
  return {
    runtime,
    session: await runtime.InferenceSession.create(join(path, file), options),
    pieces: new WordPieces(readFileSync(join(path, 'vocab.txt'), 'utf8').trimEnd().split('\n')),
  }
}

async function importRuntime(): Promise<OnnxRuntime> {
  const name = 'onnxruntime-node'
  const { default: runtime } = await importOptional(
    [name],
    'localOnnx (set ONNXRUNTIME_NODE_INSTALL=skip)',
    () => import(name) as Promise<{ default: OnnxRuntime }>,
  )
  return runtime
}

async function embedAll(
  loaded: Loaded,
  texts: readonly string[],
  most: number,
  signal: AbortSignal,
): Promise<Answer> {
  const vectors: Float32Array[] = []
  for (let at = 0; at < texts.length; at += batchTexts) {
    signal.throwIfAborted()
    vectors.push(...(await embedBatch(loaded, texts.slice(at, at + batchTexts), most)))
  }
  return encodeVectors(vectors)
}

async function embedBatch(
  { runtime, session, pieces }: Loaded,
  texts: readonly string[],
  most: number,
): Promise<Float32Array[]> {
  const [first, last] = [pieces.idOf('[CLS]') ?? 101, pieces.idOf('[SEP]') ?? 102]
  const cut = texts.map((text) => [first, ...pieces.read(text, most - 2), last])
  const width = Math.max(...cut.map(({ length }) => length))
  const ids = new BigInt64Array(cut.length * width)
  const mask = new BigInt64Array(cut.length * width)
  cut.forEach((row, at) => {
    ids.set(row.map(BigInt), at * width)
    mask.fill(1n, at * width, at * width + row.length)
  })
  const tensor = (data: BigInt64Array) => new runtime.Tensor('int64', data, [cut.length, width])
  const given: Record<string, object> = {
    input_ids: tensor(ids),
    attention_mask: tensor(mask),
    token_type_ids: tensor(new BigInt64Array(ids.length)),
  }
  const known = Object.fromEntries(session.inputNames.map((name) => [name, given[name]!]))
  const { data, dims } = (await session.run(known)).last_hidden_state!
  const dimensions = dims.at(-1)!
  return cut.map((row, at) => {
    const mean = new Float32Array(dimensions)
    for (let piece = 0; piece < row.length; piece++)
      for (let dimension = 0, from = (at * width + piece) * dimensions; dimension < dimensions; dimension++)
        mean[dimension]! += data[from + dimension]! / row.length
    return mean
  })
}
