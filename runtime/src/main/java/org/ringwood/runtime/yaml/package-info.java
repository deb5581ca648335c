/** YAML files of configuration, read strictly: every complaint names file, line and key. */
@NullMarked
package org.ringwood.runtime.yaml;

import org.jspecify.annotations.NullMarked;
