/**
 * What Grafana loads: the data source with its editors.
 *
 * One build serves Grafana 7.5 to 13, so this front end deliberately uses nothing that is missing in one of them.
 */
import { DataSourcePlugin } from '@grafana/data';

import { ConfigEditor } from './ConfigEditor';
import { DataSource } from './datasource';
import { QueryEditor } from './QueryEditor';

export const plugin = new DataSourcePlugin(DataSource).setConfigEditor(ConfigEditor).setQueryEditor(QueryEditor);
