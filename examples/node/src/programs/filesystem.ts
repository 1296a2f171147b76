/** registry-storage-node-filesystem */
import { FEATURES, FilesystemDriver } from '../drivers/filesystem/driver.js';
import { serve } from '../storagedriver/index.js';

serve({
  name: 'node-filesystem',
  features: FEATURES,
  create: (parameters) => FilesystemDriver.fromParameters(parameters),
});
