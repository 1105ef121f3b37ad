import { listEvaluated } from '../../../functions/detect/evaluated';
import { parseConfiguration } from '../../../shared/config/parse';

describe('the rules detector', () => {
  it('leaves behaviors that a dimension filters to Device Defender', () => {
    const { securityProfiles } = parseConfiguration(
      `
detector: both
securityProfiles:
  network:
    targets: [all/things]
    behaviors:
      - name: everywhere
        metric: aws:source-ip-address
        criteria: { comparisonOperator: in-cidr-set, value: { cidrs: [10.0.0.0/8] } }
      - name: telemetry
        metric: aws:source-ip-address
        metricDimension: { dimensionName: telemetry }
        criteria: { comparisonOperator: in-cidr-set, value: { cidrs: [10.0.0.0/8] } }
playbooks: [{ name: any, mode: observe }]`,
      'cordon.yml',
    );

    const [[name, profile] = []] = listEvaluated(securityProfiles);

    expect([name, profile?.behaviors.map((behavior) => behavior.name)]).toEqual(['network', ['everywhere']]);
  });
});
