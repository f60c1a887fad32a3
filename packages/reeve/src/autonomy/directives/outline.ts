import type { fromMarkdown as read } from 'mdast-util-from-markdown'

type Node = ReturnType<typeof read>['children'][number]

/** A part of a file between two headings. */
export interface OutlineSection {
  title: string
  line: number
  /** Its text outside of lists, as it is written. */
  prose: string
  items: OutlineItem[]
}

/** An item of a list, as it is written, without its bullet. */
export interface OutlineItem {
  text: string
  line: number
}

export interface Outline {
  title: string | undefined
  titleLine: number
  sections: OutlineSection[]
}

/**
 * What a Markdown file says under which headings, with the lines. Words are taken as they stand in the file: what looks like
 * Markdown inside of an item (`list[str]`, `a_b_c`) is text.
 */
export async function outlineOf(text: string): Promise<Outline> {
  const { fromMarkdown } = await import('mdast-util-from-markdown')
  const outline: Outline = { title: undefined, titleLine: 1, sections: [] }
  for (const node of fromMarkdown(text).children) {
    const line = node.position!.start.line
    if (node.type === 'heading' && node.depth === 1) {
      outline.title ??= written(node, text)
        .replace(/^#+\s*|\s*#*\s*$/g, '')
        .split('\n')[0]!
      outline.titleLine = line
    } else if (node.type === 'heading' && node.depth === 2) {
      const title = written(node, text)
        .replace(/^#+\s*|\s*#*\s*$/g, '')
        .split('\n')[0]!
        .trim()
      outline.sections.push({ title, line, prose: '', items: [] })
    } else {
      const section = outline.sections.at(-1)
      if (section) addTo(section, node, text)
    }
  }
  return outline
}

function addTo(section: OutlineSection, node: Node, text: string): void {
  if (node.type !== 'list') {
    if (node.type !== 'html') section.prose += `${section.prose ? '\n\n' : ''}${written(node, text)}`
    return
  }
  for (const item of node.children) {
    const parts = item.children.map((child) => written(child, text))
    const joined = parts
      .join(' ')
      .replaceAll(/\s*\n\s*/g, ' ')
      .replaceAll(/\\([_*])/g, '$1')
      .trim()
    section.items.push({ text: joined, line: item.position!.start.line })
  }
}

function written(node: Pick<Node, 'position'>, text: string): string {
  return text.slice(node.position!.start.offset, node.position!.end.offset)
}
