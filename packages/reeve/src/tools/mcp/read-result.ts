import type { CallToolResult, ContentBlock } from '@modelcontextprotocol/sdk/types.js'
import { findUnsafeInteger } from '../../base/json/exact-json.ts'
import type { Json } from '../../base/json/json.ts'
import { visibleBrief } from '../../base/text/visible-text.ts'
import type { McpPart, McpResult } from './result.ts'
import { inexactMeta } from './transport/exact-message.ts'

/** Collects a result until it is as large as is allowed, and says what was left out. */
class Collector {
  readonly texts: string[] = []
  readonly parts: McpPart[] = []
  readonly #cut: string[] = []
  #inexact: string | undefined
  #left: number

  constructor(maxResult: number) {
    this.#left = maxResult
  }

  addText(text: string): void {
    if (text.length <= this.#left) this.texts.push(text)
    else {
      this.texts.push(text.slice(0, this.#left).toWellFormed())
      this.#cut.push(`${text.length - this.#left} characters of text`)
    }
    this.#left = Math.max(0, this.#left - text.length)
  }

  addPart(part: McpPart): void {
    const size = JSON.stringify(part).length
    if (size <= this.#left) {
      this.#left -= size
      this.parts.push(part)
    } else this.#cut.push(`a part of type ${part.type} with ${size} characters`)
  }

  structured(value: Json): Json {
    const unsafe = findUnsafeInteger(value)
    if (unsafe !== undefined) {
      this.leaveOut(`parsing rounds its number ${unsafe}`)
      return null
    }
    const size = JSON.stringify(value).length
    if (size <= this.#left) {
      this.#left -= size
      return value
    }
    this.#cut.push(`structured content with ${size} characters`)
    return null
  }

  /** What it said is not known: it cannot be read exactly. */
  leaveOut(why: string): void {
    this.#inexact = `left out because ${why}: structured content; the text may have it`
  }

  get cut(): string | null {
    const tooLarge = this.#cut.length > 0 && `left out as too large: ${this.#cut.join(', ')}`
    return [tooLarge, this.#inexact].filter(Boolean).join('; ') || null
  }
}

export function resultOf(server: string, given: CallToolResult, maxResult: number): McpResult {
  const collector = new Collector(maxResult)
  const structured =
    given.structuredContent === undefined ? null : collector.structured(given.structuredContent as Json)
  const inexact = given._meta?.[inexactMeta]
  if (typeof inexact === 'string')
    collector.leaveOut(`it cannot be read exactly (${visibleBrief(inexact, 300)})`)
  for (const block of given.content) addBlock(collector, block)
  return finished(server, collector, structured, given.isError === true)
}

/** Contents of resources or messages of a prompt, as one result. */
export function resultOfBlocks(server: string, blocks: ContentBlock[], maxResult: number): McpResult {
  const collector = new Collector(maxResult)
  for (const block of blocks) addBlock(collector, block)
  return finished(server, collector, null, false)
}

/** A list that the server gives, as data. */
export function resultOfData(server: string, data: Json, maxResult: number): McpResult {
  const collector = new Collector(maxResult)
  return finished(server, collector, collector.structured(data), false)
}

function finished(server: string, collector: Collector, structured: Json, failed: boolean): McpResult {
  const { texts, parts, cut } = collector
  return { source: server, untrusted: true, failed, text: texts.join('\n'), structured, parts, cut }
}

function addBlock(collector: Collector, block: ContentBlock): void {
  if (block.type === 'text') collector.addText(block.text)
  else if (block.type === 'resource' && 'text' in block.resource) collector.addText(block.resource.text)
  else collector.addPart(partOf(block as Exclude<ContentBlock, { type: 'text' }>))
}

function partOf(block: Exclude<ContentBlock, { type: 'text' }>): McpPart {
  switch (block.type) {
    case 'image':
    case 'audio':
      return { type: block.type, mimeType: block.mimeType, base64: block.data }
    case 'resource_link':
      return { type: 'link', uri: block.uri, name: block.name }
    case 'resource': {
      const { uri, mimeType = null } = block.resource
      return {
        type: 'resource',
        uri,
        mimeType,
        base64: 'blob' in block.resource ? block.resource.blob : '',
      }
    }
  }
}
