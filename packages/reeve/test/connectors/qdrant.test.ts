import { expect, onTestFinished, test } from 'vitest'
import { qdrant } from '../../src/connectors/qdrant/qdrant.ts'
import { startQdrant } from '../../src/connectors/qdrant/stand-in.ts'
import { atTheDoor } from './at-the-door.ts'

const collection = 'articles'

test('points are written, found by nearness and by what they hold, and removed', async () => {
  const standIn = await startQdrant()
  onTestFinished(() => standIn.close())
  const desk = atTheDoor(qdrant(), standIn)
  const points = [
    { id: 1, vector: [1, 0, 0], payload: { text: 'Refunds', language: 'en' } },
    { id: 2, vector: [0.9, 0.1, 0], payload: { text: 'Erstattung', language: 'de' } },
    {
      id: '5c56c793-69f3-4fbf-87e6-c4bf54c28c26',
      vector: [0, 0, 1],
      payload: { text: 'Parcels', language: 'en' },
    },
  ]
  expect(await desk.run('upsertPoints', { collection, points })).toEqual({ written: 3 })
  expect(await desk.run('search', { collection, vector: [1, 0, 0], limit: 2 })).toEqual({
    points: [
      { id: 1, score: 1, payload: points[0]!.payload },
      { id: 2, score: expect.closeTo(0.994), payload: points[1]!.payload },
    ],
  })
  const filter = { must: [{ key: 'language', match: { value: 'de' } }] }
  const german = await desk.run('search', { collection, vector: [1, 0, 0], filter })
  expect(german).toMatchObject({ points: [{ id: 2 }] })
  expect(await desk.run('search', { collection, vector: [0, 1, 0], minScore: 0.5 })).toEqual({ points: [] })
  await desk.run('removePoints', { collection, ids: [1] })
  expect(await desk.run('getPoints', { collection, ids: [1, 2] })).toEqual({
    points: [{ id: 2, payload: points[1]!.payload }],
  })
})

test('what Qdrant refuses was not done, and the words of its refusal are told', async () => {
  const standIn = await startQdrant()
  onTestFinished(() => standIn.close())
  const desk = atTheDoor(qdrant(), standIn)
  const points = [{ id: 1, vector: [1, 0], payload: {} }]
  await expect(desk.run('upsertPoints', { collection, points })).rejects.toThrow(/expected dim: 3, got 2/)
  await expect(desk.run('search', { collection: 'nowhere', vector: [1] })).rejects.toThrow(/doesn't exist/)
  expect(standIn.books.deeds).toEqual([])
})
