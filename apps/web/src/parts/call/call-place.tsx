import type { CurrentCall } from '@parley/sdk/calls/call-types'
import { useEffect, useRef, useState } from 'react'
import { useLocation } from 'wouter'
import { useStorage } from '../../app/context.ts'
import { useMedia } from '../../hooks/use-media.ts'
import { useMe } from '../../hooks/use-people.ts'
import { CallAnnouncer } from './call-announcer.tsx'
import { CallPlaceContext, type CallPlaceValue } from './call-place-context.ts'
import { CallSound, playSound } from './call-sound.tsx'
import { chooseStage, type StageChoice, type TileName } from './choose-stage.ts'
import { Dock } from './dock.tsx'
import { OwnVideo, OwnWindow } from './own-window.tsx'
import { Stage } from './stage.tsx'
import { useCallKeys } from './use-call-keys.ts'
import { useControls } from './use-controls.ts'
import { useOwnWindow } from './use-own-window.ts'

interface CallPlaceProps {
  readonly current: CurrentCall
  /** Shown large whenever it changes. */
  readonly wanted: number
  readonly onLeave: () => void
}

/** The call that this tab is in: large over the conversation, or in a small window while other things are looked at. */
export function CallPlace({ current, wanted, onLeave }: CallPlaceProps) {
  const [view, setView] = useView(current.call.id, wanted)
  const [layout, setLayout] = useState<'grid' | 'speaker'>('grid')
  const [pinned, setPinned] = useState<TileName | null>(null)
  const [soundBlocked, setSoundBlocked] = useState(false)
  const phone = useMedia('(width < 48rem)')
  const controls = useControls(current, onLeave)
  const video = useRef<HTMLVideoElement>(null)
  const ownWindow = useOwnWindow(video, () => setView('dock'))
  const choice = useChoice(current, pinned, layout)
  useCallKeys({
    view,
    controls,
    muted: !current.local.sound,
    shrink: () => setView('dock'),
  })
  const value: CallPlaceValue = {
    current,
    choice,
    controls,
    layout,
    pinned,
    phone,
    setView,
    setLayout,
    pin: setPinned,
    ownWindow,
    soundBlocked,
    // Refused again: the button stays.
    turnOnSound: () =>
      void playSound().then(
        () => setSoundBlocked(false),
        () => undefined,
      ),
  }
  return (
    <CallPlaceContext value={value}>
      {view === 'stage' ? <Stage /> : <Dock inOwnWindow={ownWindow.open !== null} />}
      {ownWindow.open === null || ownWindow.open === 'video' ? null : <OwnWindow window={ownWindow.open} />}
      {ownWindow.kind === 'video' ? <OwnVideo video={video} /> : null}
      <CallSound peers={current.peers} onBlocked={setSoundBlocked} />
      <CallAnnouncer current={current} />
    </CallPlaceContext>
  )
}

type View = 'stage' | 'dock'

const viewKey = 'parley.call-view'

/** Going anywhere else makes it small, and after a reload it is as it was. */
function useView(call: string, wanted: number): readonly [View, (view: View) => void] {
  const storage = useStorage()
  const [path] = useLocation()
  const [view, setView] = useState<View>(() =>
    storage.getItem(viewKey) === `${call} dock` ? 'dock' : 'stage',
  )
  const [before, setBefore] = useState({ path, wanted })
  if (before.path !== path || before.wanted !== wanted) {
    setBefore({ path, wanted })
    setView(before.wanted === wanted ? 'dock' : 'stage')
  }
  useEffect(() => storage.setItem(viewKey, `${call} ${view}`), [storage, call, view])
  return [view, setView]
}

function useChoice(
  { peers, speaker }: CurrentCall,
  pinned: TileName | null,
  layout: 'grid' | 'speaker',
): StageChoice {
  const me = useMe()
  // While I speak I look at whoever spoke before me.
  const other = useRef<string | null>(null)
  const isOther = speaker !== null && speaker !== me.id
  useEffect(() => {
    if (isOther) other.current = speaker
  }, [isOther, speaker])
  return chooseStage({ me: me.id, peers, speaker: isOther ? speaker : other.current, pinned, layout })
}
