import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link } from 'wouter'
import { links } from '../../app/links.ts'
import { Button } from '../button.tsx'
import { type CallPreferencesChange, useCallPreferences } from '../call/call-preferences.ts'
import { addCallTexts } from '../call/call-texts.ts'
import { DeviceSelect } from '../call/device-select.tsx'
import { useDevices } from '../call/use-devices.ts'
import { useTestTexts } from '../call-test/test-texts.ts'
import { useRingPreference } from '../ringing/ring-preference.ts'
import { useToasts } from '../toasts.tsx'
import styles from './settings.module.css'

/** What holds for calls on this device; kept in this browser. */
export function CallSettings() {
  const { t } = useTestTexts()
  const { i18n } = useTranslation()
  addCallTexts(i18n)
  const { t: call } = useTranslation('call')
  const toasts = useToasts()
  const { change, ...preferences } = useCallPreferences()
  const [aloud, setAloud] = useRingPreference()
  const set = (next: CallPreferencesChange) =>
    void change(next).catch(() => toasts.tell(t('settings.failed')))
  return (
    <>
      <Devices preferences={preferences} onChange={set} />
      <div className={styles.group}>
        <Check
          label={call('preJoin.noise')}
          checked={preferences.noiseSuppression}
          onChange={(on) => set({ noiseSuppression: on })}
        />
        <Check
          label={t('settings.pushToTalk')}
          checked={preferences.pushToTalk}
          onChange={(on) => set({ pushToTalk: on })}
        />
        <Check
          label={t('settings.letterKeys')}
          checked={preferences.letterKeys}
          onChange={(on) => set({ letterKeys: on })}
        />
        <Check
          label={t('settings.relayOnly')}
          hint={t('settings.relayHint')}
          checked={preferences.relayOnly}
          onChange={(on) => set({ relayOnly: on })}
        />
        <Check label={t('settings.ring')} hint={t('settings.ringHint')} checked={aloud} onChange={setAloud} />
      </div>
      <div className={styles.group}>
        <p className={styles.hint}>{t('settings.testHint')}</p>
        <Link to={links.callTest} className={styles.wayOut}>
          {t('settings.test')}
        </Link>
      </div>
    </>
  )
}

interface DevicesProps {
  readonly preferences: Omit<ReturnType<typeof useCallPreferences>, 'change'>
  readonly onChange: (next: CallPreferencesChange) => void
}

function Devices({ preferences, onChange }: DevicesProps) {
  const { t } = useTestTexts()
  const { t: call } = useTranslation('call')
  const [asked, setAsked] = useState(0)
  const devices = useDevices(asked)
  const all = [...devices.microphones, ...devices.cameras]
  const areNamed = all.some(({ label }) => label !== '')
  return (
    <div className={styles.group}>
      <h3 className={styles.subheading}>{t('settings.devices')}</h3>
      {areNamed ? (
        <div className={styles.selects}>
          <DeviceSelect
            label={call('preJoin.microphone')}
            devices={devices.microphones}
            value={preferences.microphone}
            onChoose={(id) => onChange({ microphone: id })}
          />
          <DeviceSelect
            label={call('preJoin.camera')}
            devices={devices.cameras}
            value={preferences.camera}
            onChoose={(id) => onChange({ camera: id })}
          />
          {devices.speakers.length === 0 ? null : (
            <DeviceSelect
              label={call('preJoin.speaker')}
              devices={devices.speakers}
              value={preferences.speaker}
              onChoose={(id) => onChange({ speaker: id })}
            />
          )}
        </div>
      ) : (
        <Allow onDone={() => setAsked((count) => count + 1)} />
      )}
    </div>
  )
}

/** Opens microphone and camera for a moment, so that the browser tells what is there. */
function Allow({ onDone }: { onDone: () => void }) {
  const { t } = useTestTexts()
  const toasts = useToasts()
  const [busy, setBusy] = useState(false)
  const allow = async () => {
    const media = (navigator as Partial<Navigator>).mediaDevices
    if (media === undefined) throw new Error('There are no devices without TLS.')
    // Who has no camera has a microphone all the same.
    const open = (video: boolean) => media.getUserMedia({ audio: true, video })
    const stream = await open(true).catch(() => open(false))
    for (const track of stream.getTracks()) track.stop()
  }
  const click = () => {
    setBusy(true)
    allow()
      .then(onDone, () => toasts.tell(t('settings.allowFailed')))
      .finally(() => setBusy(false))
  }
  return (
    <>
      <p className={styles.hint}>{t('settings.allowHint')}</p>
      <div className={styles.actions}>
        <Button busy={busy} onClick={click}>
          {t('settings.allow')}
        </Button>
      </div>
    </>
  )
}

interface CheckProps {
  readonly label: string
  readonly hint?: string
  readonly checked: boolean
  readonly onChange: (on: boolean) => void
}

function Check({ label, hint, checked, onChange }: CheckProps) {
  return (
    <label className={styles.check}>
      <input type="checkbox" checked={checked} onChange={(event) => onChange(event.target.checked)} />
      <span>
        {label}
        {hint === undefined ? null : <span className={styles.checkHint}>{hint}</span>}
      </span>
    </label>
  )
}
