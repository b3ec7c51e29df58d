import { PlusOutlined } from '@ant-design/icons'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Button, Form, Input } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { ApiError, api, path, type Schema } from '../api/http'
import { NotConfirmed, makePasskey, passkeysWork } from '../api/passkeys'
import { FormDialog } from '../ui/deeds'
import { agoText } from '../ui/format'
import { Failed, Waiting } from '../ui/states'
import { RecoveryCodes } from './RecoveryCodes'

type Passkey = Schema['Passkey']

const url = path('/admin/v1/me/passkeys', {})

/** What the browser will not do is told at the form, as what the box refuses. */
function asRefusal(error: unknown, text: string): unknown {
  return error instanceof NotConfirmed ? new ApiError(0, text, null, null, null) : error
}

export function Passkeys() {
  const { t, i18n } = useTranslation()
  const client = useQueryClient()
  const [making, setMaking] = useState(false)
  const [removed, setRemoved] = useState<Passkey>()
  const [codes, setCodes] = useState<string[]>()
  const passkeys = useQuery({ queryKey: ['me', 'passkeys'], queryFn: async () => (await api.get<Required<Schema['Passkeys']>>(url)).passkeys })
  const works = passkeysWork()
  const stale = () => client.invalidateQueries({ queryKey: ['me', 'passkeys'] })
  const make = async ({ name, password }: { name: string; password: string }) => {
    try {
      const made = await makePasskey(name, password)
      if (made.recovery_codes?.length) setCodes(made.recovery_codes)
    } catch (error) {
      throw asRefusal(error, t('passkey.notConfirmed'))
    }
    await stale()
  }
  const password = (
    <Form.Item name="password" label={t('signIn.password')} extra={t('factor.passwordHelp')} rules={[{ required: true, message: '' }]}>
      <Input.Password autoComplete="current-password" />
    </Form.Item>
  )
  return (
    <section>
      <h2>{t('passkey.title')}</h2>
      <p className="muted">{works ? t('passkey.text') : t('passkey.byName')}</p>
      {passkeys.isPending && <Waiting />}
      {passkeys.isError && <Failed error={passkeys.error} retry={() => void passkeys.refetch()} />}
      {Boolean(passkeys.data?.length) && (
        <ul className="rows" style={{ marginBottom: 12 }}>
          {passkeys.data?.map((one) => (
            <li key={one.id}>
              <span className="rows-main">
                {one.name} <span className="tag">{one.domain}</span>
                <br />
                <span className="muted">
                  {t('passkey.made', { time: agoText(one.created, i18n.language) })} · {one.last_used ? t('passkey.used', { time: agoText(one.last_used, i18n.language) }) : t('passkey.unused')}
                </span>
              </span>
              <Button size="small" danger aria-label={`${t('quota.remove')}: ${one.name}`} onClick={() => setRemoved(one)}>
                {t('quota.remove')}
              </Button>
            </li>
          ))}
        </ul>
      )}
      <Button icon={<PlusOutlined />} disabled={!works} onClick={() => setMaking(true)}>
        {t('passkey.create')}
      </Button>
      <FormDialog title={t('passkey.create')} action={t('factor.next')} open={making} close={() => setMaking(false)} submit={make}>
        <Form.Item name="name" label={t('people.name')} extra={t('passkey.nameHelp')} rules={[{ required: true, message: '' }]}>
          <Input maxLength={64} autoFocus autoComplete="off" />
        </Form.Item>
        {password}
      </FormDialog>
      <FormDialog
        title={t('passkey.removeTitle', { name: removed?.name ?? '' })}
        action={t('quota.remove')}
        open={removed !== undefined}
        close={() => setRemoved(undefined)}
        submit={async (given: { password: string }) => {
          await api.post(path('/admin/v1/me/passkeys/{passkey}/remove', { passkey: removed?.id ?? 0 }), given)
          await stale()
        }}
      >
        <p>{t('passkey.removeText')}</p>
        {password}
      </FormDialog>
      <RecoveryCodes codes={codes} close={() => setCodes(undefined)} />
    </section>
  )
}
