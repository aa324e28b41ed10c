import { useEffect, useState } from 'react'

export interface DeviceList {
  readonly microphones: readonly MediaDeviceInfo[]
  readonly cameras: readonly MediaDeviceInfo[]
  /** Empty where sound cannot be sent anywhere else than the system wants. */
  readonly speakers: readonly MediaDeviceInfo[]
}

const none: DeviceList = { microphones: [], cameras: [], speakers: [] }

export const canChooseSpeaker = (): boolean =>
  typeof HTMLMediaElement !== 'undefined' && 'setSinkId' in HTMLMediaElement.prototype

/** What is plugged in. Devices have names only once one of them may be used, so `key` changes then. */
export function useDevices(key: unknown): DeviceList {
  const [list, setList] = useState(none)
  // biome-ignore lint/correctness/useExhaustiveDependencies: `key` says that there is something new to see.
  useEffect(() => {
    const devices = navigator.mediaDevices as MediaDevices | undefined
    if (devices === undefined) return
    let shown = true
    const look = async () => {
      // Where it is forbidden there is nothing to choose from.
      const all = await devices.enumerateDevices().catch(() => [])
      const of = (kind: MediaDeviceKind) => all.filter((one) => one.kind === kind && one.deviceId !== '')
      if (shown)
        setList({
          microphones: of('audioinput'),
          cameras: of('videoinput'),
          speakers: canChooseSpeaker() ? of('audiooutput') : [],
        })
    }
    void look()
    devices.addEventListener('devicechange', look)
    return () => {
      shown = false
      devices.removeEventListener('devicechange', look)
    }
  }, [key])
  return list
}
