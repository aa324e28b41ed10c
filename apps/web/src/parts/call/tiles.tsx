import { useRef } from 'react'
import { useTranslation } from 'react-i18next'
import { useCallPlace } from './call-place-context.ts'
import { useWaiting } from './call-status.tsx'
import { sameTile, type TileName } from './choose-stage.ts'
import { fitGrid } from './grid-layout.ts'
import styles from './stage.module.css'
import { Tile } from './tile.tsx'
import { useSize } from './use-size.ts'

const GAP_PX = 8
/** From this shape on the strip lies beside the large picture, else below it. */
const WIDE_FROM = 1.25

/**
 * One list, whose items keep their places in the document whatever they look like: a picture that moves from the strip to
 * the stage goes on without a flicker.
 */
export function Tiles() {
  const { t } = useTranslation('call')
  const { choice, current } = useCallPlace()
  const box = useRef<HTMLUListElement>(null)
  const { width, height } = useSize(box)
  const { kind, stage, strip, corner, hidden } = choice
  const tiles = inOrder([...stage, ...strip, ...(corner === null ? [] : [corner])], current.peers)
  const grid = fitGrid(stage.length + (hidden > 0 ? 1 : 0), width, height, GAP_PX)
  const waiting = useWaiting()
  return (
    <ul
      ref={box}
      className={styles.tiles}
      aria-label={t('people')}
      data-kind={kind}
      data-strip={kind !== 'focus' ? undefined : width > height * WIDE_FROM ? 'beside' : 'below'}
      style={{
        '--width': `${grid.width}px`,
        '--height': `${grid.height}px`,
        '--count': Math.max(1, strip.length),
        '--box-width': `${width}px`,
        '--box-height': `${height}px`,
      }}
    >
      {tiles.map((tile) => (
        <Tile
          key={`${tile.of} ${tile.user}`}
          tile={tile}
          place={
            corner !== null && sameTile(tile, corner)
              ? 'corner'
              : !stage.some((one) => sameTile(one, tile))
                ? 'strip'
                : kind === 'grid'
                  ? 'grid'
                  : 'large'
          }
        />
      ))}
      {waiting === null ? null : (
        <li className={styles.waiting} aria-hidden="true">
          {waiting}
        </li>
      )}
      {hidden > 0 ? <li className={styles.hidden}>{t('moreOnes', { count: hidden })}</li> : null}
    </ul>
  )
}

/** Screens first, then people as they came, oneself last: whoever becomes large does not move in the document. */
function inOrder(
  tiles: readonly TileName[],
  peers: readonly { readonly user: string }[],
): readonly TileName[] {
  const rank = ({ of, user }: TileName) => {
    const index = peers.findIndex((peer) => peer.user === user)
    return (of === 'display' ? 0 : peers.length + 1) + (index === -1 ? peers.length : index)
  }
  return tiles.toSorted((one, other) => rank(one) - rank(other))
}
