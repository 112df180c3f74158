static const GoldenRun golden_runs[] = {{"feed_forward",0,0},{"recurrent",0,0},{"models",0,0},{"convolution",0,0}};
static const float golden_uniform[8]={0}; static const float golden_normal[8]={0};
