import { Alert, App, Button, Form, Input, QRCode } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api, path } from '../api/http'
import { FormDialog } from '../ui/deeds'
import { Secret } from '../ui/Secret'
import { RecoveryCodes } from './RecoveryCodes'
import { useMySessions } from './Sessions'

/** TOTP (RFC 6238): the password once more, where there is one, the secret into an app, a code of it back. */
export function SecondFactor({ asksPassword }: { asksPassword: boolean }) {
  const { t } = useTranslation()
  const { message } = App.useApp()
  const [asks, setAsks] = useState<'password' | 'code' | 'remove'>()
  const [factor, setFactor] = useState<{ secret: string; uri: string }>()
  const [codes, setCodes] = useState<string[]>()
  const isDemanded = useMySessions().data?.some((one) => one.this && one.limited)
  const close = () => setAsks(undefined)
  return (
    <section>
      <h2>{t('factor.title')}</h2>
      <p className="muted">{t('factor.text')}</p>
      {isDemanded && <Alert type="warning" showIcon title={t('factor.demanded')} style={{ marginBottom: 12 }} />}
      <div className="page-deeds">
        <Button onClick={() => setAsks('password')}>{t('factor.set')}</Button>
        <Button type="text" onClick={() => setAsks('remove')}>
          {t('factor.remove')}
        </Button>
      </div>
      <FormDialog
        title={t('factor.set')}
        action={t('factor.next')}
        open={asks === 'password'}
        close={() => setAsks((now) => (now === 'password' ? undefined : now))}
        submit={async (given: { password?: string }) => {
          setFactor(await api.post(path('/admin/v1/me/second-factor', {}), given))
          setAsks('code')
        }}
      >
        {asksPassword && (
          <Form.Item name="password" label={t('signIn.password')} extra={t('factor.passwordHelp')} rules={[{ required: true, message: '' }]}>
            <Input.Password autoComplete="current-password" autoFocus />
          </Form.Item>
        )}
      </FormDialog>
      <FormDialog
        title={t('factor.set')}
        action={t('factor.confirm')}
        open={asks === 'code'}
        close={close}
        submit={async (given: { code: string }) => {
          const { recovery_codes } = await api.post<{ recovery_codes: string[] }>(path('/admin/v1/me/second-factor/confirm', {}), given)
          setFactor(undefined)
          setCodes(recovery_codes)
        }}
      >
        <p>{t('factor.scan')}</p>
        {factor && (
          <div style={{ display: 'grid', justifyItems: 'center', gap: 12, marginBottom: 16 }}>
            <QRCode value={factor.uri} type="svg" size={190} color="#000" bgColor="#fff" />
            <Secret text={factor.secret} />
          </div>
        )}
        <Form.Item name="code" label={t('signIn.code')} rules={[{ required: true, message: '' }]}>
          <Input autoComplete="one-time-code" className="mono" inputMode="numeric" />
        </Form.Item>
      </FormDialog>
      <FormDialog
        title={t('factor.remove')}
        action={t('factor.remove')}
        open={asks === 'remove'}
        close={close}
        submit={async (given: { code: string }) => {
          await api.post(path('/admin/v1/me/second-factor/remove', {}), given)
          void message.success(t('factor.removed'))
        }}
      >
        <Form.Item name="code" label={t('signIn.code')} extra={t('signIn.codeLead')} rules={[{ required: true, message: '' }]}>
          <Input autoComplete="one-time-code" className="mono" />
        </Form.Item>
      </FormDialog>
      <RecoveryCodes codes={codes} close={() => setCodes(undefined)} />
    </section>
  )
}
