// Makes the table anew: node --conditions=reeve-source packages/embedding-table/build/main.ts FOLDER
// FOLDER keeps the inputs (400 MB) and what was computed: an interrupted computation goes on there. One core takes some 40 minutes.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { WordPieces } from '../../reeve/src/models/local/text/word-piece.ts'
import { fetchInputs } from './inputs.ts'
import { packTable } from './pack.ts'
import { type Projection, principalComponents, project } from './projection.ts'
import { Teacher, teacherDimensions } from './teacher.ts'
import { readTexts, type Text } from './texts.ts'
import { meanCosine, train } from './train.ts'

const dimensions = 256
/** Of the teacher's vectors of texts, those that the directions are found by. */
const seen = 20_000
/** How much a frequent piece weighs less (smooth inverse frequency: Arora and others, 2017). */
const smoothing = 1e-3
/** Where the vocabulary begins to be ordered by how frequent its pieces are. */
const firstRanked = 1996
const heldOutEvery = 25

const folder = process.argv[2]
if (folder === undefined) throw new Error('Give a folder for the inputs and what is computed.')
mkdirSync(folder, { recursive: true })
const inputs = fetchInputs(folder)
const vocabulary = readFileSync(inputs.vocabulary, 'utf8').trimEnd().split('\n')
const pieces = new WordPieces(vocabulary)
const definitions = readTexts(inputs.definitions)
const texts = definitions.map(({ text }) => pieces.read(text, 126))
const teacher = await Teacher.load(inputs)
const tell = (what: string) => (done: number) => console.log(`${new Date().toISOString()} ${what}: ${done}`)
const ofPieces = await teacher.teach(
  vocabulary.map((_, id) => [id]),
  join(folder, 'pieces.f32'),
  tell('pieces'),
)
const ofTexts = await teacher.teach(texts, join(folder, 'texts.f32'), tell('texts'))

const projection = principalComponents(
  ofTexts.subarray(0, seen * teacherDimensions),
  teacherDimensions,
  dimensions,
)
const targets = projected(ofTexts, projection)
for (let at = 0; at < targets.length; at += dimensions) toUnitLength(targets.subarray(at, at + dimensions))
const table = firstTable(ofPieces, projection)
const lesson = { texts, targets, dimensions }
const held = heldOut(definitions)
console.log(`before training: ${meanCosine(table, lesson, held).toFixed(4)}`)
train(table, lesson, held, (epoch, cosine) =>
  console.log(`epoch ${epoch}: held-out cosine ${cosine.toFixed(4)}`),
)
const target = join(import.meta.dirname, '..')
writeFileSync(join(target, 'table.bin'), packTable(table, dimensions))
writeFileSync(join(target, 'vocabulary.txt'), `${vocabulary.join('\n')}\n`)

function projected(rows: Float32Array, by: Projection): Float32Array {
  const count = rows.length / teacherDimensions
  const all = new Float32Array(count * dimensions)
  for (let row = 0; row < count; row++) {
    const into = all.subarray(row * dimensions, (row + 1) * dimensions)
    project(rows.subarray(row * teacherDimensions, (row + 1) * teacherDimensions), by, into)
  }
  return all
}

/** The teacher's vectors of single pieces about their own mean, the frequent ones shorter. */
function firstTable(rows: Float32Array, by: Projection): Float32Array {
  const all = projected(rows, by)
  const count = rows.length / teacherDimensions
  const mean = new Float64Array(dimensions)
  for (let at = 0; at < all.length; at++) mean[at % dimensions]! += all[at]! / count
  let ranks = 0
  for (let rank = 1; rank <= count - firstRanked; rank++) ranks += 1 / rank
  for (let piece = 0; piece < count; piece++) {
    const rank = piece < firstRanked ? 1 : piece - firstRanked + 1
    const weight = smoothing / (smoothing + 1 / rank / ranks)
    for (let at = 0; at < dimensions; at++)
      all[piece * dimensions + at] = (all[piece * dimensions + at]! - mean[at]!) * weight
  }
  return all
}

/** All texts of one definition in 25. */
function heldOut(all: readonly Text[]): Set<number> {
  const held = new Set<number>()
  all.forEach(({ definition }, index) => {
    if (definition % heldOutEvery === 0) held.add(index)
  })
  return held
}

function toUnitLength(vector: Float32Array): void {
  const length = Math.hypot(...vector)
  for (let at = 0; at < vector.length; at++) vector[at]! /= length
}
