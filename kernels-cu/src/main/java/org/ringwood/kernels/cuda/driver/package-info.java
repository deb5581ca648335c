/** The few calls of NVIDIA's driver API that the provider needs, and their binding through JCuda, which another binding could replace. */
@NullMarked
package org.ringwood.kernels.cuda.driver;

import org.jspecify.annotations.NullMarked;
