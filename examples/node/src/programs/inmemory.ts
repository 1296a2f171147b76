/** registry-storage-node-inmemory */
import { FEATURES, InMemoryDriver } from '../drivers/inmemory/driver.js';
import { serve } from '../storagedriver/index.js';

serve({
  name: 'node-inmemory',
  features: FEATURES,
  create: (parameters) => new InMemoryDriver(parameters),
});
