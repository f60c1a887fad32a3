import { describe, expect, test } from 'vitest'
import { cosine, embed, embeddingDimensions } from '../../../src/models/local/text/embed.ts'

describe('embed', () => {
  test('gives a vector of length 1 in 256 dimensions, always the same', () => {
    const vector = embed('Where is my refund?')
    expect(vector).toHaveLength(embeddingDimensions)
    expect(cosine(vector, vector)).toBeCloseTo(1, 5)
    expect(embed('Where is my refund?')).toEqual(vector)
  })

  test('gives the values that stored vectors were made with', () => {
    // Vectors are kept in databases: if these values change, every stored vector has to be made again.
    const vector = embed('refund')
    const first = [...vector.entries()].filter(([, value]) => value !== 0).slice(0, 3)
    expect(first).toMatchInlineSnapshot(`
      [
        [
          10,
          0.15075567364692688,
        ],
        [
          12,
          -0.15075567364692688,
        ],
        [
          32,
          0.15075567364692688,
        ],
      ]
    `)
  })

  test('puts texts with common words and spellings nearer than others', () => {
    const query = embed('refund for a damaged parcel')
    const same = cosine(query, embed('Damaged parcels are refunded.'))
    const misspelt = cosine(query, embed('refnud for damagd parcel'))
    const other = cosine(query, embed('Our shop opens on Monday at nine.'))
    expect(same).toBeGreaterThan(other + 0.15)
    expect(misspelt).toBeGreaterThan(other + 0.15)
  })

  test('sees no difference in case, diacritics and punctuation', () => {
    expect(cosine(embed('Café, RÉSUMÉ!'), embed('cafe resume'))).toBeCloseTo(1, 5)
  })

  test('gives zero for a text without words', () => {
    expect(embed(' ?! ').every((value) => value === 0)).toBe(true)
    expect(cosine(embed(''), embed('refund'))).toBe(0)
  })
})
