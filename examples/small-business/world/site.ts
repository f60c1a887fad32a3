import type { Books } from './books.ts'
import { fieldsOf, notFound, type Reply, refuse, type Service } from './service.ts'
import { isoDay } from './time.ts'

/** The site of the business, and the interface of its host. */
export function siteOf(books: Books, hasDrifted: (name: string) => boolean): Service {
  const page = (title: string, text = ''): Reply => ({
    status: 200,
    body: `<!doctype html><title>${title}</title><h1>${title}</h1><p>${text}</p>`,
  })
  const articles = () =>
    books.all<{ slug: string; title: string; topic: string; at: number }>(
      'select * from articles order by at',
    )

  function publish(slug: string, body: unknown, now: number, isCheck: boolean): Reply {
    const given = fieldsOf(body)
    const text = hasDrifted('body-renamed') ? given.content : given.body
    if (typeof text !== 'string')
      return refuse(
        hasDrifted('body-renamed') ? 'the field "content" is missing' : 'the field "body" is missing',
      )
    if (!/^[a-z0-9-]{3,80}$/.test(slug)) return refuse('a slug has lower-case letters, digits and hyphens')
    const { title, topic } = given as { title: string; topic: string }
    const words = text.split(/\s+/).length
    if (isCheck) return { status: 200, body: { slug, words } }
    books.run(
      `insert into articles values (?, ?, ?, ?, ?) on conflict (slug) do update set title = excluded.title, body = excluded.body`,
      ...[slug, String(title), String(topic), text, now],
    )
    return { status: 200, body: { slug, words } }
  }

  return ({ method, path, query, body, now }) => {
    if (method === 'PUT' && path.startsWith('/api/articles/'))
      return publish(path.slice(14), body, now, query.get('check') === 'only')
    if (method !== 'GET') return notFound
    if (path === '/') return page('Fernhill Studio', 'We look after websites.')
    if (path === (hasDrifted('page-moved') ? '/plans' : '/pricing'))
      return page('Prices', 'Care $49, care plus $79 a month.')
    if (path === '/contact') return page('Contact')
    if (path === '/sitemap.xml')
      return {
        status: 200,
        body: ['/', '/contact', ...articles().map(({ slug }) => `/articles/${slug}`)]
          .map((each) => `<loc>${each}</loc>`)
          .join('\n'),
      }
    if (path === '/api/status') {
      const all = articles()
      return {
        status: 200,
        body: {
          today: isoDay(now),
          articles: all.length,
          lastArticle: all.at(-1) ? isoDay(all.at(-1)!.at) : null,
          topics: all.map(({ topic }) => topic),
        },
      }
    }
    const [, slug] = /^\/articles\/([^/]+)$/.exec(path) ?? []
    const found =
      slug &&
      books.one<{ title: string; body: string }>('select title, body from articles where slug = ?', slug)
    return found ? page(found.title, found.body) : notFound
  }
}
