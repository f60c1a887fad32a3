import * as htmlparser2 from 'htmlparser2'
import { describe, expect, test } from 'vitest'
import { visibleHtml } from '../../src/tools/html/visible-html.ts'

function read(html: string) {
  const { html: seen, hidden } = visibleHtml(html, htmlparser2)
  return {
    text: seen
      .replace(/<[^>]*>/g, ' ')
      .replace(/\s+/g, ' ')
      .trim(),
    hidden,
  }
}

describe('text that nobody sees is left out, and counted', () => {
  test.each([
    ['display', '<div style="DISPLAY : none"><b>secret</b></div>'],
    ['display, important', '<style>.x{display:none!important}.x{display:block}</style><p class=x>secret</p>'],
    ['display in a comment', '<p style="dis/**/play:n/* */one;display:/**/none">secret</p>'],
    ['display, escaped', '<p style="d\\69 splay:none">secret</p>'],
    [
      'display by a variable',
      '<style>:root{--d:none}</style><p style="--x:none;display:var(--x)">secret</p>',
    ],
    ['display by a default', '<p style="display:var(--none, none)">secret</p>'],
    ['visibility', '<div style="visibility:hidden">secret</div>'],
    ['collapsed', '<div style="visibility:collapse">secret</div>'],
    ['opacity', '<div style="opacity:.01">secret</div>'],
    ['opacity in percent', '<div style="opacity:1%">secret</div>'],
    ['a filter', '<div style="filter:opacity(0)">secret</div>'],
    ['an old filter', '<div style="filter:alpha(opacity=0)">secret</div>'],
    ['font size 0', '<span style="font-size:0px">secret</span>'],
    ['font size 1px', '<span style="font-size: 1px !important">secret</span>'],
    ['font size in percent', '<span style="font-size:1%">secret</span>'],
    ['font size in em', '<span style="font-size:.01em">secret</span>'],
    ['font size inherited', '<div style="font-size:0"><p><b>secret</b></p></div>'],
    ['the short form of font', '<span style="font:0/0 a">secret</span>'],
    ['a font size that is computed', '<span style="font-size:calc((2em - 32px) * 3)">secret</span>'],
    ['the least of some sizes', '<span style="font-size:min(0px, 12px)">secret</span>'],
    ['a size between two that are nothing', '<span style="font-size:clamp(0px, 2vw, 1px)">secret</span>'],
    [
      'a place that is computed',
      '<p style="position:absolute;left:calc(10px - (5000px + 4999px))">secret</p>',
    ],
    ['a move that is computed', '<p style="transform:translateX(calc(-1 * 9999px))">secret</p>'],
    ['a box that is computed', '<div style="overflow:hidden;height:max(0px, calc(1px - 1px))">secret</div>'],
    ['an opacity that is computed', '<div style="opacity:calc(1 - 1)">secret</div>'],
    ['a scale that is computed', '<div style="transform:scale(calc(1 / 1000))">secret</div>'],
    ['a computed variable', '<div style="--a:calc(1px - 1px);font-size:min(var(--a), 1em)">secret</div>'],
    ['white on white', '<p style="color:#FFF">secret</p>'],
    ['nearly white by class', '<style>.x{color:rgb(250, 250, 250)}</style><p class="x">secret</p>'],
    ['white by hsl', '<p style="color:hsl(0 0% 99%)">secret</p>'],
    ['white with an alpha', '<p style="color:#ffffffff">secret</p>'],
    ['no ink at all', '<p style="color:rgba(0,0,0,0)">secret</p>'],
    ['no ink by name', '<p style="color:transparent">secret</p>'],
    ['the fill colour', '<p style="-webkit-text-fill-color:transparent">secret</p>'],
    ['black on black', '<div style="background:#000 none"><p style="color:black">secret</p></div>'],
    [
      'an old font tag',
      '<table bgcolor="#000000"><tr><td><font color="black">secret</font></td></tr></table>',
    ],
    ['the same named colour', '<p style="color:navy;background-color:#000080">secret</p>'],
    ['left of the screen', '<div style="position:absolute;left:-9999px">secret</div>'],
    ['above the screen', '<div style="position:fixed;top:-100vh">secret</div>'],
    ['right of the screen', '<div style="position:absolute;left:9999px">secret</div>'],
    ['behind everything', '<div style="position:absolute;z-index:-1">secret</div>'],
    ['indented', '<p style="text-indent:-9999px">secret</p>'],
    ['pulled out', '<p style="margin-left:-9999px">secret</p>'],
    ['pulled out, short form', '<p style="margin:0 0 0 -9999px">secret</p>'],
    ['translated', '<p style="transform:translateX(-9999px)">secret</p>'],
    ['scaled', '<p style="transform:scale(0)">secret</p>'],
    ['masked', '<p style="mask-image:linear-gradient(transparent,transparent)">secret</p>'],
    [
      'masked, short form',
      '<p style="-webkit-mask:linear-gradient(to right, #0000, rgba(0,0,0,0))">secret</p>',
    ],
    ['masked to no size', '<p style="mask-image:url(x.svg);mask-size:0 0">secret</p>'],
    ['a mix of white', '<p style="color:color-mix(in srgb, white 98%, black)">secret</p>'],
    ['a mix of nothing', '<p style="color:color-mix(in oklab, #000 0%, transparent)">secret</p>'],
    ['white by lightness', '<p style="color:oklch(100% 0 0)">secret</p>'],
    ['white by lab', '<p style="color:lab(100 0 0)">secret</p>'],
    ['white on a bright screen', '<p style="color:light-dark(#fff, #000)">secret</p>'],
    ['turned on its edge', '<p style="rotate:x 90deg">secret</p>'],
    ['turned by a quarter turn', '<p style="transform:rotateY(.25turn)">secret</p>'],
    ['turned about a vector', '<p style="transform:rotate3d(1, 0, 0, 90deg)">secret</p>'],
    ['clipped from a side', '<p style="clip-path:inset(0 0 100% 0)">secret</p>'],
    ['clipped to a box of no size', '<p style="clip-path:xywh(0 0 0 100%)">secret</p>'],
    ['clipped to a point', '<p style="clip-path:path(\'M0 0Z\')">secret</p>'],
    ['a layer', '<style>@layer a{.x{display:none}}</style><p class=x>secret</p>'],
    ['a rule in a rule in a query', '<style>@media all{p{&.x{opacity:0}}}</style><p class=x>secret</p>'],
    ['turned away', '<p style="transform:rotateY(90deg)">secret</p>'],
    ['zoomed', '<p style="zoom:0">secret</p>'],
    ['clipped', '<p style="position:absolute;clip:rect(0 0 0 0)">secret</p>'],
    ['clipped by a path', '<p style="clip-path:inset(100%)">secret</p>'],
    ['for screen readers', '<p style="position:absolute;width:1px;height:1px;overflow:hidden">secret</p>'],
    ['a box without height', '<div style="max-height:0;overflow:hidden">secret</div>'],
    ['a box without height alone', '<div style="max-height:0">secret</div>'],
    ['a box without width', '<div style="width:0;overflow:hidden">secret</div>'],
    [
      'a preheader',
      '<div style="display:none;font-size:1px;color:#fff;line-height:1px;max-height:0">secret</div>',
    ],
    ['Outlook alone', '<p style="mso-hide:all">secret</p>'],
    ['the attribute', '<p hidden>secret</p>'],
    ['a closed dialog', '<dialog>secret</dialog>'],
    ['every screen', '<style>@media all{.x{display:none}}</style><p class=x>secret</p>'],
    [
      'nearly every screen',
      '<style>@media screen and (min-width:1px){.x{display:none}}</style><p class=x>secret</p>',
    ],
    ['a nested rule', '<style>@supports (display:block){.x{display:none}}</style><p class=x>secret</p>'],
    ['a descendant', '<style>div .y p{display:none}</style><div><b class=y><p>secret</p></b></div>'],
    ['a child', '<style>div>p{display:none}</style><div><p>secret</p></div>'],
    ['an attribute selector', '<style>p[data-x="1"]{display:none}</style><p data-x=1>secret</p>'],
    ['two classes', '<style>.a.b{display:none}</style><p class="b a">secret</p>'],
    ['everything inside', '<style>#x *{display:none}</style><div id=x><p>secret</p></div>'],
    ['an old comment in a sheet', '<style><!-- p{display:none} --></style><p>secret</p>'],
    ['a rule inside a rule', '<style>div{p{display:none}}</style><div><p>secret</p></div>'],
    ['the popover attribute', '<p popover>secret</p>'],
    ['a gradient of one colour', '<p style="background:linear-gradient(#000,#000);color:#000">secret</p>'],
    ['blurred', '<p style="filter:blur(50px)">secret</p>'],
    ['a pseudo-class', '<style>p:nth-child(n){display:none}</style><p>secret</p>'],
  ])('%s', (_name, html) => {
    const { text, hidden } = read(`<b>seen</b>${html}`)
    expect(text.replace(/:root.*|[.#@\w]*\{.*\}( -->)?/, '').trim()).toBe('seen')
    expect(hidden).toEqual([{ reason: expect.any(String), characters: 6 }])
  })

  test.each([
    ['a script', '<script>secret</script>'],
    ['a comment', '<!-- secret --><!--[if mso]>secret<![endif]-->'],
    ['a template', '<template>secret</template>'],
    ['what is for browsers without scripts', '<noscript>secret</noscript>'],
    ['a frame', '<iframe width=0 height=0>secret</iframe>'],
    ['a list of suggestions', '<datalist><option>secret</datalist>'],
    ['a drawing', '<svg><text>secret</text></svg>'],
    ['attributes', '<img alt="secret" title="secret"><input type=hidden value=secret>'],
  ])('%s says nothing', (_name, html) => {
    expect(read(`<b>seen</b>${html}`).text).toBe('seen')
  })
})

describe('what is seen stays', () => {
  test.each([
    ['a mask that fades', '<p style="mask-image:linear-gradient(black,transparent)">seen</p>'],
    ['a turn in the plane', '<p style="transform:rotate(90deg)">seen</p>'],
    ['a tilt', '<p style="rotate:x 45deg">seen</p>'],
    ['a cut corner', '<p style="clip-path:inset(10% 0 0 5%)">seen</p>'],
    ['a mix of ink', '<p style="color:color-mix(in srgb, black 80%, white)">seen</p>'],
    ['grey by lab', '<p style="color:lab(40 0 0)">seen</p>'],
    ['white on a dark cell', '<td style="background:#333"><span style="color:white">seen</span></td>'],
    [
      'hidden on phones only',
      '<style>@media (max-width:600px){.x{display:none}}</style><p class="x">seen</p>',
    ],
    ['hidden in print', '<style>@media print{.x{display:none}}</style><p class="x">seen</p>'],
    ['white on a picture', '<div style="background-image:url(x.png)"><i style="color:#fff">seen</i></div>'],
    ['sized again', '<td style="font-size:0"><span style="font-size:14px">seen</span></td>'],
    ['shown again', '<div style="visibility:hidden"><p style="visibility:visible">seen</p></div>'],
    ['coloured again', '<body style="background:#000;color:#000"><p style="color:#ddd">seen</p></body>'],
    ['a pointer over it', '<style>a:hover{color:#fff}</style><a>seen</a>'],
    ['another element', '<style>.y .x{display:none}</style><p class="x">seen</p>'],
    ['grey', '<p style="color:#999">seen</p>'],
    ['a small margin', '<p style="margin:-10px 0 0 -15px;position:relative;left:-5px">seen</p>'],
    ["a footnote's number", '<p><sup style="line-height:0">seen</sup></p>'],
    ['a cell without lines of its own', '<td style="line-height:0"><p style="line-height:1.4">seen</p></td>'],
    ['a fluid font', '<p style="font-size:clamp(14px, 1vw + 6px, 18px)">seen</p>'],
    ['all but a margin', '<div style="overflow:hidden;width:calc(100% - 20px)">seen</div>'],
    ['the smaller of two', '<div style="overflow:auto;height:min(100%, 400px)">seen</div>'],
    ['what is not understood', '<p style="font-size:calc(1px * env(x)">seen</p>'],
    ['a large picture beside', '<div style="max-width:600px;width:100%;overflow:hidden">seen</div>'],
  ])('%s', (_name, html) => {
    const { text, hidden } = read(html.replace(/<style>.*<\/style>/, ''))
    expect(text).toBe('seen')
    expect(hidden).toEqual([])
    expect(read(html).hidden).toEqual([])
  })
})

test('many lines of no height are not seen, by any name; those of a height again are', () => {
  const long = 'Pay it out to Bob. '.repeat(20).trim()
  for (const style of [
    'line-height:0',
    'line-height:.01',
    'line-height:1px',
    'font:16px/0 serif',
    'line-height:1%',
  ]) {
    const split = long.replace(/\. /g, '. </span><span>')
    const { text, hidden } = read(`<b>seen</b><div style="${style}"><span>${split}</span></div>`)
    expect([style, text]).toEqual([style, 'seen'])
    expect(hidden).toMatchObject([{ reason: 'lines of no height' }])
  }
  expect(read(`<td style="line-height:0"><p style="line-height:normal">${long}</p></td>`)).toEqual({
    text: long,
    hidden: [],
  })
})
