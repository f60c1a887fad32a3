import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

// Fails when a link of the built pages leads nowhere, or a page takes anything from another place.

const out = join(import.meta.dirname, 'out')
const pages = readdirSync(out, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.html'))
const idsOf = (path) =>
  new Set([...readFileSync(path, 'utf8').matchAll(/ id="([^"]+)"/g)].map(([, id]) => id))

const faults = pages.flatMap((page) => {
  const text = readFileSync(join(out, page), 'utf8')
  const links = [...text.matchAll(/ (?:href|src)="([^"]*)"/g)].map(([, link]) => link)
  const broken = links
    .filter((link) => !/^(https?|mailto):/.test(link))
    .filter((link) => {
      const [path, part] = decodeURIComponent(link).split('#')
      const target = path === '' ? join(out, page) : join(out, dirname(page), path)
      return (
        !existsSync(target) || (part !== undefined && target.endsWith('.html') && !idsOf(target).has(part))
      )
    })
    .map((link) => `${page}: ${link} leads nowhere`)
  const foreign = [
    ...text.matchAll(/<script|@import|<(?:img|link|iframe)[^>]+(?:src|href)="(?:https?:)?\/\//g),
  ]
  return [...broken, ...foreign.map(([what]) => `${page}: ${what} comes from elsewhere`)]
})

if (pages.length < 40) faults.push(`only ${pages.length} pages were made`)
for (const fault of faults) console.error(fault)
console.log(`${pages.length} pages in ${out}; ${faults.length} faults`)
process.exit(faults.length === 0 ? 0 : 1)
