import { readFileSync } from 'node:fs'
import { basename, dirname, join, posix } from 'node:path'

/** Pages of docs/ as they stand, in one frame: no script, no font, nothing from elsewhere. */

const docs = join(import.meta.dirname, '../docs')

/** What stands in docs/README.md, as the menu of every page: [group, [title, address]]. */
function menu() {
  const index = readFileSync(join(docs, 'README.md'), 'utf8')
  return [...index.matchAll(/^\*\*(.+?)\*\* · ([\s\S]*?)(?=\n\n|(?![\s\S]))/gm)].map(([, group, body]) => ({
    group,
    pages: [...body.matchAll(/\[([^\]]+)\]\(([^)]+\.md)\)/g)].map(([, title, page]) => ({
      title: title.replace(/\s+/g, ' '),
      address: addressOf(page),
    })),
  }))
}

/** Where a page of docs/ comes to lie: `reference/json.md` → `reference/json.html`. */
const addressOf = (page) => page.replace(/README\.md$/, 'index.html').replace(/\.md$/, '.html')

/** As GitHub names the headings of a page, so that links to a part of one hold in both. */
const slugOf = (text) =>
  text
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, '')
    .trim()
    .replace(/\s/g, '-')

export default function configure(eleventy) {
  eleventy.addPassthroughCopy({ [join(docs, 'pictures')]: 'pictures', [join(docs, 'llms.txt')]: 'llms.txt' })
  eleventy.addPassthroughCopy({
    [join(docs, 'patterns')]: 'patterns',
    [join(import.meta.dirname, 'site.css')]: 'site.css',
  })
  eleventy.addGlobalData('menu', menu)
  eleventy.addGlobalData('layout', 'page.njk')
  eleventy.addGlobalData(
    'permalink',
    () =>
      ({ page }) =>
        addressOf(`${page.filePathStem.slice(1)}.md`),
  )
  eleventy.addGlobalData('eleventyComputed', {
    title: ({ page }) => /^# (.+)$/m.exec(page.rawInput ?? '')?.[1] ?? basename(page.filePathStem),
    up: ({ page }) => '../'.repeat(page.filePathStem.split('/').length - 2),
  })
  eleventy.amendLibrary('md', (markdown) => {
    markdown.set({ html: true })
    const plain =
      markdown.renderer.rules.link_open ??
      ((tokens, at, options, _, self) => self.renderToken(tokens, at, options))
    markdown.renderer.rules.link_open = (tokens, at, options, environment, self) => {
      const href = tokens[at].attrGet('href') ?? ''
      if (!/^[a-z]+:/.test(href)) {
        const [path, part] = href.split('#')
        // A folder is shown as its list of files, which a static page has not: the code is in the package.
        const page = posix.normalize(posix.join(dirname(environment.page.filePathStem.slice(1)), path))
        const target = path === '' ? '' : page === 'patterns' ? 'patterns/react.ts' : addressOf(path)
        tokens[at].attrSet('href', part === undefined ? target : `${target}#${part}`)
      }
      return plain(tokens, at, options, environment, self)
    }
    markdown.renderer.rules.heading_open = (tokens, at, options, _environment, self) => {
      tokens[at].attrSet('id', slugOf(tokens[at + 1].content))
      return self.renderToken(tokens, at, options)
    }
  })
  return {
    dir: { input: '../docs', output: 'out', includes: '../site' },
    markdownTemplateEngine: false,
    templateFormats: ['md'],
  }
}
