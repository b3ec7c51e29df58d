import { ApiOutlined } from '@ant-design/icons'
import { useQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { api, path, type Schema } from '../api/http'
import { numberText } from '../ui/format'
import { Page } from '../ui/Page'
import { Empty } from '../ui/states'
import { DataTable } from '../ui/Table'
import { modelStateText } from '../ui/words'

type Engine = Schema['Engines']['engines'][number]

const engineMs = 5000

export function Engines() {
  const { t, i18n } = useTranslation()
  const engines = useQuery({ queryKey: ['engines'], refetchInterval: engineMs, queryFn: async () => (await api.get<Schema['Engines']>(path('/admin/v1/engines', {}))).engines })
  return (
    <Page title={t('engines.title')} lead={t('engines.lead')}>
      <DataTable<Engine>
        label={t('engines.title')}
        asked={engines}
        rowKey="name"
        empty={
          <Empty icon={<ApiOutlined />} title={t('engines.none')} text={t('engines.noneText')}>
            <pre className="mono example">{'[[engine]]\nname = "large"\nurls = ["http://10.0.0.7:8000/v1"]'}</pre>
          </Empty>
        }
        columns={[
          { title: t('people.name'), dataIndex: 'name' },
          {
            title: t('people.state'),
            key: 'state',
            render: (_, engine) => (
              <>
                <span className={engine.healthy ? 'tag tag-good' : 'tag tag-bad'}>{engine.healthy ? modelStateText('ready', t) : t('engines.away')}</span>
                {engine.reason && <div className="muted cell-text">{engine.reason}</div>}
              </>
            ),
          },
          { title: t('engines.urls'), dataIndex: 'urls', render: (urls: string[]) => urls.map((url) => <div key={url} className="mono">{url}</div>) },
          { title: t('engines.model'), dataIndex: 'model', render: (model: string) => <span className="mono">{model}</span> },
          { title: t('engines.parallel'), dataIndex: 'parallel', align: 'end', className: 'num', render: (value: number) => numberText(value, i18n.language) },
          { title: t('overview.running'), dataIndex: 'requests', align: 'end', className: 'num', render: (value: number) => numberText(value, i18n.language) },
        ]}
      />
    </Page>
  )
}
