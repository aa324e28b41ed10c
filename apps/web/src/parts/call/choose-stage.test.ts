import { describe, expect, it } from 'vitest'
import { chooseStage, GRID_MAX_TILES, type StageInput, type TileName } from './choose-stage.ts'

const camera = (user: string): TileName => ({ user, of: 'camera' })
const display = (user: string): TileName => ({ user, of: 'display' })
const me = camera('me')

function choose(users: readonly string[], more: Partial<StageInput> & { showing?: string } = {}) {
  const { showing, ...rest } = more
  return chooseStage({
    me: 'me',
    peers: users.map((user) => ({ user, screen: user === showing })),
    speaker: null,
    pinned: null,
    layout: 'grid',
    ...rest,
  })
}

describe('who is on the stage', () => {
  it('alone it is oneself', () => {
    expect(choose([])).toMatchObject({ kind: 'grid', stage: [me], strip: [], corner: null })
  })

  it('of two it is the other one, with oneself in the corner; pinning oneself swaps them', () => {
    expect(choose(['lan'])).toMatchObject({ kind: 'pair', stage: [camera('lan')], corner: me })
    expect(choose(['lan'], { layout: 'speaker' })).toMatchObject({ kind: 'pair', corner: me })
    expect(choose(['lan'], { pinned: me })).toMatchObject({ stage: [me], corner: camera('lan') })
  })

  it('of more it is everybody alike, oneself last', () => {
    expect(choose(['lan', 'minh'], { speaker: 'minh' })).toMatchObject({
      kind: 'grid',
      stage: [camera('lan'), camera('minh'), me],
    })
  })

  it('or whoever spoke, when one large picture is wished; before anybody spoke the first', () => {
    const choice = choose(['lan', 'minh'], { layout: 'speaker', speaker: 'minh' })
    expect(choice).toMatchObject({ kind: 'focus', stage: [camera('minh')], strip: [camera('lan'), me] })
    expect(choose(['lan', 'minh'], { layout: 'speaker' }).stage).toEqual([camera('lan')])
  })

  it('a screen takes it, also between two, and everybody is in the strip', () => {
    expect(choose(['lan'], { showing: 'lan' })).toMatchObject({
      kind: 'focus',
      stage: [display('lan')],
      strip: [camera('lan'), me],
      corner: null,
    })
  })

  it('what is pinned goes before a screen, as long as it is there', () => {
    const pinned = camera('minh')
    expect(choose(['lan', 'minh'], { showing: 'lan', pinned })).toMatchObject({
      stage: [pinned],
      strip: [display('lan'), camera('lan'), me],
    })
    expect(choose(['lan', 'hoa'], { showing: 'lan', pinned }).stage).toEqual([display('lan')])
    expect(choose(['lan', 'hoa'], { pinned: display('lan') }).kind).toBe('grid')
  })

  it('beyond the bound the rest is counted, and who speaks and oneself are seen', () => {
    const users = Array.from({ length: 30 }, (_, index) => `user ${index}`)
    const fits = choose(users.slice(0, GRID_MAX_TILES - 1))
    expect([fits.stage.length, fits.hidden]).toEqual([GRID_MAX_TILES, 0])
    const over = choose(users, { speaker: 'user 29' })
    expect([over.stage.length, over.hidden]).toEqual([GRID_MAX_TILES, 6])
    expect(over.stage.slice(-2)).toEqual([camera('user 29'), me])
    expect(choose(users, { speaker: 'user 3' }).stage.at(-2)).toEqual(camera('user 23'))
  })
})
