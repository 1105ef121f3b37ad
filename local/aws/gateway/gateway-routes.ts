import { jsonResponse, type LocalRoutes } from '../wire/local-routes';
import type { CallRecorder } from './call-recorder';
import { type FaultInjector, parseFaultRequest } from './faults';

/** Routes for the gateway's state, and for setting its faults. */
export function gatewayRoutes(calls: CallRecorder, faults: FaultInjector): LocalRoutes {
  return {
    'GET /_cordon/calls': () => jsonResponse({ counts: calls.counts(), calls: calls.calls() }),
    'POST /_cordon/calls/reset': () => {
      calls.reset();
      return jsonResponse({});
    },
    'GET /_cordon/faults': () => jsonResponse({ rules: faults.rules() }),
    'POST /_cordon/faults': ({ body }) => {
      const request = parseFaultRequest(body.toString());
      if ('problem' in request) return jsonResponse({ error: request.problem }, 400);
      faults.setFaults(request.rules, request.seed);
      return jsonResponse({ rules: faults.rules() });
    },
  };
}
