import { DownloadOutlined, SafetyCertificateOutlined } from '@ant-design/icons'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Alert, Button, Form, Input, Modal } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api, path, type Schema } from '../api/http'
import { copy } from '../ui/copy'
import { FormDialog, useConfirmByName, useDeed } from '../ui/deeds'
import { timeText } from '../ui/format'
import { linesOf } from '../ui/lines'
import { Page } from '../ui/Page'
import { saveText } from '../ui/save'
import { Empty, Failed, Waiting } from '../ui/states'

/** As /admin/v1/tls tells of one (docs/administration.md). */
interface Certificate {
  subject: string
  issuer: string
  names: string[]
  not_before: number
  not_after: number
  fingerprint: string
}
interface Served {
  own: Certificate
  authority: Certificate
  company: Certificate | null
  company_file: string | null
  requested: boolean
}

const companyUrl = path('/admin/v1/tls/company', {})
const dayS = 86_400
const soonDays = 30

function Facts({ of, now }: { of: Certificate; now: number }) {
  const { t, i18n } = useTranslation()
  const days = Math.floor((of.not_after - now / 1000) / dayS)
  return (
    <dl className="facts">
      <dt>{t('tls.subject')}</dt>
      <dd>{of.subject}</dd>
      <dt>{t('tls.issuer')}</dt>
      <dd>{of.issuer}</dd>
      {of.names.length > 0 && (
        <>
          <dt>{t('tls.names')}</dt>
          <dd>{of.names.join(', ')}</dd>
        </>
      )}
      <dt>{t('tls.valid')}</dt>
      <dd>
        {t('tls.validRange', { from: timeText(of.not_before, i18n.language), until: timeText(of.not_after, i18n.language) })} <span className={days < soonDays ? 'tag tag-bad' : 'tag'}>{days < 0 ? t('tls.over') : t('tls.days', { count: days })}</span>
      </dd>
      <dt>{t('tls.fingerprint')}</dt>
      <dd className="mono fingerprint">{of.fingerprint}</dd>
    </dl>
  )
}

export function Certificates() {
  const { t } = useTranslation()
  const client = useQueryClient()
  const deed = useDeed()
  const confirm = useConfirmByName()
  const [dialog, setDialog] = useState<'request' | 'install'>()
  const [request, setRequest] = useState<string>()
  const asked = useQuery({ queryKey: ['tls'], queryFn: () => api.get<Served>(path('/admin/v1/tls', {})) })
  if (asked.isPending) return <Waiting />
  if (asked.isError) return <Failed error={asked.error} retry={() => void asked.refetch()} />
  const { own, authority, company, company_file, requested } = asked.data
  const ask = async ({ names }: { names: string }) => {
    const { request: pem } = await api.post<Schema['CertificateRequest']>(path('/admin/v1/tls/request', {}), { names: linesOf(names) })
    setRequest(pem)
    await client.invalidateQueries({ queryKey: ['tls'] })
  }
  const back = (name: string) => confirm(name, t('tls.backTitle'), t('tls.backText'), t('tls.back'), () => deed(() => api.delete(companyUrl), [['tls']], t('tls.backDone')))
  return (
    <Page title={t('tls.title')} lead={t('tls.lead')}>
      <section className="card">
        <div className="page-head">
          <h2>
            {t('tls.company')} {company && <span className="tag tag-good">{t('tls.served')}</span>}
          </h2>
          {!company_file && (
            <div className="page-deeds">
              <Button onClick={() => setDialog('request')}>{t('tls.request')}</Button>
              <Button type={requested && !company ? 'primary' : 'default'} onClick={() => setDialog('install')}>
                {t('tls.install')}
              </Button>
              {company && (
                <Button danger type="text" onClick={() => back(company.subject)}>
                  {t('tls.back')}
                </Button>
              )}
            </div>
          )}
        </div>
        {company_file && <Alert type="info" showIcon title={t('tls.byFile', { file: company_file })} style={{ marginBottom: 12 }} />}
        {company ? <Facts of={company} now={asked.dataUpdatedAt} /> : <Empty icon={<SafetyCertificateOutlined />} title={requested ? t('tls.waits') : t('tls.none')} text={requested ? t('tls.waitsText') : t('tls.noneText')} />}
      </section>
      <section className="card">
        <div className="page-head">
          <h2>
            {t('tls.own')} {!company && <span className="tag tag-good">{t('tls.served')}</span>}
          </h2>
        </div>
        <Facts of={own} now={asked.dataUpdatedAt} />
      </section>
      <section className="card">
        <div className="page-head">
          <div>
            <h2>{t('tls.authority')}</h2>
            <p className="page-lead">{t('tls.authorityText')}</p>
          </div>
          <Button icon={<DownloadOutlined />} href={path('/admin/v1/tls/authority', {})} download="cofre-ca.pem">
            {t('tls.download')}
          </Button>
        </div>
        <Facts of={authority} now={asked.dataUpdatedAt} />
      </section>
      <FormDialog title={t('tls.request')} action={t('tls.requestDo')} open={dialog === 'request'} close={() => setDialog(undefined)} initial={{ names: own.names.join('\n') }} submit={ask}>
        <p>{t('tls.requestText')}</p>
        <Form.Item name="names" label={t('tls.names')} extra={t('tls.namesHelp')} rules={[{ required: true, message: '' }]}>
          <Input.TextArea className="mono" autoSize={{ minRows: 3, maxRows: 10 }} autoFocus />
        </Form.Item>
      </FormDialog>
      <Modal
        title={t('tls.requestMade')}
        open={request !== undefined}
        onCancel={() => setRequest(undefined)}
        width={640}
        footer={
          <>
            <Button onClick={() => void copy(request ?? '')}>{t('action.copy')}</Button>
            <Button type="primary" icon={<DownloadOutlined />} onClick={() => saveText('cofre-request.pem', request ?? '')}>
              {t('action.download')}
            </Button>
          </>
        }
      >
        <p>{t('tls.requestNext')}</p>
        <pre className="mono example" tabIndex={0}>
          {request}
        </pre>
      </Modal>
      <FormDialog
        title={t('tls.install')}
        action={t('tls.installDo')}
        open={dialog === 'install'}
        close={() => setDialog(undefined)}
        submit={async (given: { certificate: string }) => {
          client.setQueryData(['tls'], await api.put<Served>(companyUrl, given))
        }}
      >
        <Form.Item name="certificate" label={t('tls.pem')} extra={t('tls.pemHelp')} rules={[{ required: true, message: '' }]}>
          <Input.TextArea className="mono" autoSize={{ minRows: 8, maxRows: 16 }} autoFocus placeholder="-----BEGIN CERTIFICATE-----" />
        </Form.Item>
      </FormDialog>
    </Page>
  )
}
