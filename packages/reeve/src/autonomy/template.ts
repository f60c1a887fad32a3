/** A text with places for values: `/blog/{slug}`, `{generate_blog.url}`. */
export interface Template {
  source: string
  parts: readonly (string | Placeholder)[]
}

/** `topic` is `['topic']`, `generate_blog.url` is `['generate_blog', 'url']`. */
export interface Placeholder {
  path: readonly string[]
}

const placeholder = /\{([A-Za-z_][\w-]*(?:\.[\w-]+)*)\}/g

/** Braces around anything else stay what they are. */
export function readTemplate(source: string): Template {
  const parts: (string | Placeholder)[] = []
  let end = 0
  for (const found of source.matchAll(placeholder)) {
    if (found.index > end) parts.push(source.slice(end, found.index))
    parts.push({ path: found[1]!.split('.') })
    end = found.index + found[0].length
  }
  if (end < source.length || parts.length === 0) parts.push(source.slice(end))
  return { source, parts }
}

export function placeholdersIn({ parts }: Template): Placeholder[] {
  return parts.filter((part) => typeof part !== 'string')
}
