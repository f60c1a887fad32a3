// Checks a file of `reeve audit export` with nothing but Node: node verify-audit.mjs FILE [--key PUBLIC_KEY] [--head FILE]
// It reads no other file, asks no network, and imports nothing of Reeve.
import { createHash, createPublicKey, verify } from 'node:crypto'
import { createReadStream, readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'

const args = process.argv.slice(2)
const option = (name) => {
  const at = args.indexOf(name)
  return at < 0 ? undefined : args.splice(at, 2)[1]
}
const trusted = option('--key')
const keptFile = option('--head')
const [file] = args
if (!file) {
  console.error('usage: node verify-audit.mjs FILE [--key PUBLIC_KEY] [--head FILE]')
  process.exit(2)
}

const sha256 = (text) => createHash('sha256').update(text).digest('base64url')
function isSigned(text, signature, publicKey) {
  try {
    const der = Buffer.concat([
      Buffer.from('302a300506032b6570032100', 'hex'),
      Buffer.from(publicKey, 'base64url'),
    ])
    const key = createPublicKey({ key: der, format: 'der', type: 'spki' })
    return verify(null, Buffer.from(text), key, Buffer.from(signature, 'base64url'))
  } catch {
    return false
  }
}
const signedText = (head) =>
  JSON.stringify(['reeve-audit-head/1', head.database, head.no, new Date(head.at).toISOString(), head.hash])

const faults = []
const fault = (text) => faults.push(text)
const counts = { runs: 0, events: 0, acts: 0, heads: 0 }
const hashes = new Map() // `run number:seq` → hash
const runs = new Map() // run number → its chain so far
const deleted = new Set()
const acts = new Map() // number → hash
const heads = []
let act = { no: 0, hash: 'authority' }
let lines = 0
let sum = 'reeve-audit-export/1'
let first
let end

function readEvent(line) {
  const run = runs.get(line.run)
  if (!run) return fault(`line ${lines}: an event of a run that is not there`)
  counts.events++
  if (line.seq !== run.seq + 1) fault(`run ${run.id}: event ${run.seq + 1} is missing (found ${line.seq})`)
  const digest = line.payload === null ? line.digest : sha256(line.payload)
  if (digest !== line.digest) fault(`run ${run.id}: the payload of event ${line.seq} was changed`)
  const { seq, event, step, args, at, name } = line
  const hash = sha256(
    `${run.hash}\n${seq}\n${event}\n${step ?? ''}\n${args ?? ''}\n${at}\n${line.digest}\n${name ?? ''}`,
  )
  if (hash !== line.hash) fault(`run ${run.id}: event ${seq} (${event}) was changed`)
  run.seq = seq
  run.hash = line.hash
  hashes.set(`${line.run}:${seq}`, line.hash)
}

function readAct(line) {
  counts.acts++
  if (line.seq !== act.no + 1) fault(`act ${act.no + 1} is missing (found ${line.seq})`)
  if (line.payload !== null && sha256(line.payload) !== line.digest) fault(`act ${line.seq} was changed`)
  const { seq, at, principal, proof, behalf, subject, run, digest } = line
  const hash = sha256(
    JSON.stringify([act.hash, seq, line.act, at, principal, proof, behalf, subject, run ?? '', digest]),
  )
  if (hash !== line.hash) fault(`act ${seq} (${line.act}) was changed`)
  act = { no: seq, hash: line.hash }
  acts.set(seq, line.hash)
  if (line.act === 'runs-deleted' && line.payload !== null)
    for (const no of JSON.parse(line.payload).details?.runs ?? []) deleted.add(no)
}

function readHead(line) {
  counts.heads++
  const before = heads.at(-1)
  const { no, identity, at, previous, upto, acts: upToAct, acts_hash, digest, body, public_key } = line
  if (no !== (before?.no ?? 0) + 1) fault(`head ${(before?.no ?? 0) + 1} is missing (found ${no})`)
  if (previous !== (before?.hash ?? 'heads')) fault(`head ${no} does not follow the one before`)
  const hash = sha256(JSON.stringify([identity, no, at, previous, upto, upToAct, acts_hash, digest]))
  if (hash !== line.hash) fault(`head ${no} was changed`)
  if (body !== null && sha256(body) !== digest) fault(`what head ${no} lists was changed`)
  const head = { database: identity, no, at, hash: line.hash }
  if (!isSigned(signedText(head), line.signature, public_key)) fault(`head ${no} is not signed by its key`)
  if (public_key !== (trusted ?? first.publicKey)) fault(`head ${no} is signed by another key: ${public_key}`)
  heads.push(line)
}

function compare({ no, body, acts: upToAct, acts_hash }) {
  if (upToAct > 0 && acts.get(upToAct) !== acts_hash)
    fault(`act ${upToAct} is not the one that head ${no} signs`)
  for (const [run, id, seq, hash] of JSON.parse(body ?? '[]')) {
    const found = hashes.get(`${run}:${seq}`)
    if (found === hash || (found === undefined && (deleted.has(run) || seq <= (runs.get(run)?.from ?? -1))))
      continue
    if (first.isPart && !runs.has(run)) continue
    fault(`run ${id}: event ${seq} is ${found === undefined ? 'missing' : 'not'} what head ${no} signs`)
  }
}

for await (const text of createInterface({ input: createReadStream(file) })) {
  lines++
  const line = JSON.parse(text)
  if (end) fault(`line ${lines}: there is more after the end`)
  if (line.type === 'end') {
    end = line
    continue
  }
  sum = sha256(`${sum}\n${text}`)
  if (line.type === 'reeve-audit-export/1') first = line
  else if (line.type === 'run') {
    counts.runs++
    runs.set(line.no, {
      id: line.id,
      seq: line.prunedSeq,
      from: line.prunedSeq,
      hash: line.prunedHash ?? line.id,
    })
  } else if (line.type === 'event') readEvent(line)
  else if (line.type === 'act') readAct(line)
  else if (line.type === 'head') readHead(line)
  else fault(`line ${lines}: what is a ${line.type}?`)
}
for (const head of heads) compare(head)
if (!end) fault('the file is cut off: it has no end')
else {
  if (end.lines !== lines - 1 || end.hash !== sum)
    fault('the file was changed: its lines are not those that were signed')
  const said = JSON.stringify(['reeve-audit-export/1', first.database, end.lines, end.hash])
  if (end.signature !== null && !isSigned(said, end.signature, trusted ?? first.publicKey))
    fault('the file is not signed by the key')
}
for (const text of keptFile ? readFileSync(keptFile, 'utf8').trim().split('\n') : []) {
  const kept = JSON.parse(text)
  if (!isSigned(signedText(kept), kept.signature, kept.publicKey))
    fault(`the kept head ${kept.no} is not signed by its key`)
  const head = heads.find(({ no }) => no === kept.no)
  if (head?.hash !== kept.hash)
    fault(`head ${kept.no} of ${kept.at} is ${head ? 'not what was kept' : 'gone'}`)
}
for (const text of faults.slice(0, 100)) console.log(`✗ ${text}`)
const counted = `${counts.runs} runs, ${counts.events} events, ${counts.acts} acts, ${counts.heads} heads`
if (faults.length > 0) console.log(`${faults.length} faults in ${counted}`)
else if (!end.signature) console.log(`${counted}: every chain holds; nothing is signed`)
else
  console.log(
    `✓ ${counted}: every chain holds, signed by ${first.publicKey}${trusted ? '' : ', which the file itself names: compare it with the one you know'}`,
  )
process.exit(faults.length > 0 ? 1 : 0)
