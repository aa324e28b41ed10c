import { useEffect, useRef } from 'react'
import { useTranslation } from 'react-i18next'
import { useCalls } from '../../hooks/use-calls.ts'
import { useMe } from '../../hooks/use-people.ts'
import { useCallPlace } from './call-place-context.ts'
import { sameTile, type TileName } from './choose-stage.ts'
import type { Size } from './grid-layout.ts'
import styles from './tile.module.css'
import { TileFace } from './tile-face.tsx'
import { tileSize } from './tile-size.ts'
import { useSize } from './use-size.ts'
import { useSomeone } from './use-someone.ts'

interface TileProps {
  readonly tile: TileName
  readonly place: 'grid' | 'large' | 'strip' | 'corner'
}

/** One of those in the call. A click keeps them large. */
export function Tile({ tile, place }: TileProps) {
  const { t } = useTranslation('call')
  const { current, choice, pinned, pin } = useCallPlace()
  const box = useRef<HTMLLIElement>(null)
  const size = useSize(box)
  useTellSize(tile, size)
  const someone = useSomeone(current, tile)
  const kept = sameTile(tile, pinned)
  // Between two people it is clear who speaks.
  const speaking = choice.kind !== 'pair' && someone?.speaking === true
  return (
    <li ref={box} className={styles.tile} data-place={place} data-speaking={speaking || undefined}>
      {someone === undefined ? null : (
        <>
          <TileFace someone={someone} of={tile.of} size={size} />
          <button
            type="button"
            className={styles.cover}
            aria-label={someone.label}
            aria-pressed={kept}
            title={t('tile.pin', { what: someone.name })}
            onClick={() => pin(kept ? null : tile)}
          />
        </>
      )}
    </li>
  )
}

/** So that no more is sent than is seen. */
export function useTellSize({ user, of }: TileName, { width }: Size): void {
  const calls = useCalls()
  const me = useMe()
  const size = tileSize(width, window.devicePixelRatio)
  const own = user === me.id
  const measured = width > 0
  useEffect(() => {
    if (!own && measured) calls.setTile(user, of, size)
  }, [calls, user, of, own, size, measured])
  useEffect(() => {
    if (own) return
    return () => calls.setTile(user, of, 'small')
  }, [calls, user, of, own])
}
