import { appendFileSync, existsSync, readFileSync, statSync } from 'node:fs'
import type { Inputs, Session } from './inputs.ts'

export const teacherDimensions = 384
/** Pieces of a text that the teacher reads, with the marks of its beginning and end. */
const longest = 128
/** Pieces of one batch, padding included: what a batch takes in time goes by them. */
const batchPieces = 2048
const [beginning, end] = [101n, 102n]

export class Teacher {
  readonly #onnx: Inputs['onnx']
  readonly #session: Session

  private constructor(onnx: Inputs['onnx'], session: Session) {
    this.#onnx = onnx
    this.#session = session
  }

  static async load({ onnx, model }: Inputs): Promise<Teacher> {
    const options = { intraOpNumThreads: 1, interOpNumThreads: 1, logSeverityLevel: 3 }
    return new Teacher(onnx, await onnx.InferenceSession.create(model, options))
  }

  /**
   * The vectors of texts given by their pieces, of length 1: appended to `file` in the order of the texts, so that a computation
   * that was interrupted goes on where it was.
   */
  async teach(texts: readonly number[][], file: string, tell: (done: number) => void): Promise<Float32Array> {
    const rowBytes = teacherDimensions * 4
    let done = existsSync(file) ? Math.floor(statSync(file).size / rowBytes) : 0
    while (done < texts.length) {
      // A stretch is sorted by length, so that little of a batch is padding.
      const stretch = texts.slice(done, done + 2000)
      const order = stretch.map((_, index) => index).sort((a, b) => stretch[a]!.length - stretch[b]!.length)
      const vectors = new Float32Array(stretch.length * teacherDimensions)
      for (let at = 0; at < order.length; ) {
        let count = 1
        const widthOf = (index: number) => Math.min(stretch[order[index]!]!.length + 2, longest)
        while (at + count < order.length && (count + 1) * widthOf(at + count) <= batchPieces) count++
        const batch = order.slice(at, at + count)
        const made = await this.#read(batch.map((index) => stretch[index]!))
        batch.forEach((index, row) => {
          vectors.set(
            made.subarray(row * teacherDimensions, (row + 1) * teacherDimensions),
            index * teacherDimensions,
          )
        })
        at += count
      }
      appendFileSync(file, new Uint8Array(vectors.buffer))
      done += stretch.length
      tell(done)
    }
    const bytes = new Uint8Array(readFileSync(file))
    return new Float32Array(bytes.buffer, 0, texts.length * teacherDimensions)
  }

  async #read(texts: readonly number[][]): Promise<Float32Array> {
    const cut = texts.map((pieces) => pieces.slice(0, longest - 2))
    const width = Math.max(...cut.map(({ length }) => length)) + 2
    const ids = new BigInt64Array(cut.length * width)
    const mask = new BigInt64Array(cut.length * width)
    cut.forEach((pieces, row) => {
      const start = row * width
      ids[start] = beginning
      pieces.forEach((piece, at) => {
        ids[start + at + 1] = BigInt(piece)
      })
      ids[start + pieces.length + 1] = end
      mask.fill(1n, start, start + pieces.length + 2)
    })
    const tensor = (data: BigInt64Array) => new this.#onnx.Tensor('int64', data, [cut.length, width])
    const output = await this.#session.run({
      input_ids: tensor(ids),
      attention_mask: tensor(mask),
      token_type_ids: tensor(new BigInt64Array(ids.length)),
    })
    return meansOf(output.last_hidden_state!.data, cut, width)
  }
}

/** Of the pieces of each text, of length 1. */
function meansOf(hidden: Float32Array, texts: readonly number[][], width: number): Float32Array {
  const means = new Float32Array(texts.length * teacherDimensions)
  texts.forEach((pieces, row) => {
    const mean = means.subarray(row * teacherDimensions, (row + 1) * teacherDimensions)
    for (let at = 0; at < pieces.length + 2; at++) {
      const from = (row * width + at) * teacherDimensions
      for (let dimension = 0; dimension < teacherDimensions; dimension++)
        mean[dimension]! += hidden[from + dimension]!
    }
    const length = Math.hypot(...mean)
    for (let dimension = 0; dimension < teacherDimensions; dimension++) mean[dimension]! /= length
  })
  return means
}
