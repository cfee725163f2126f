import warnings, json
warnings.warn_explicit('old', UserWarning, json.__file__, 1)
import loud
warnings.warn('here')
