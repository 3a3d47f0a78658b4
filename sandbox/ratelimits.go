package sandbox

import "time"

// rate is a token bucket's size and how many tokens come back in a second.
type rate struct{ burst, perSecond float64 }

// rates are what AWS documents per account and region; what it does not publish is not limited. Operations that name the same bucket share
// it.
var rates = map[string]rate{
	"ecs cluster modify":            {20, 1},
	"ecs cluster read":              {50, 20},
	"ecs task definition modify":    {20, 1},
	"ecs task definition read":      {50, 20},
	"ecs task definition delete":    {5, 1},
	"ecs service modify":            {50, 5},
	"ecs service read":              {100, 20},
	"ecs cluster resource modify":   {100, 40},
	"ecs cluster resource read":     {100, 20},
	"ecs tag modify":                {20, 10},
	"ecs tag read":                  {50, 20},
	"secretsmanager modify":         {50, 50},
	"secretsmanager list":           {100, 100},
	"servicediscovery discover":     {2000, 1000},
	"servicediscovery instances":    {50, 50},
	"tagging resources":             {15, 15},
	"tagging tags":                  {5, 5},
	"logs group":                    {10, 10},
	"logs DescribeLogStreams":       {25, 25},
	"logs CreateLogStream":          {50, 50},
	"logs GetLogEvents":             {25, 25},
	"secretsmanager DescribeSecret": {40000, 40000},
	"secretsmanager GetSecretValue": {10000, 10000},
}

// bucketOf says which bucket an operation takes from, where its own name is not the bucket's.
var bucketOf = map[string]string{
	"ecs CreateCluster": "ecs cluster modify", "ecs DeleteCluster": "ecs cluster modify",
	"ecs UpdateCluster": "ecs cluster modify", "ecs PutClusterCapacityProviders": "ecs cluster modify",
	"ecs DescribeClusters": "ecs cluster read", "ecs ListClusters": "ecs cluster read",
	"ecs RegisterTaskDefinition": "ecs task definition modify", "ecs DeregisterTaskDefinition": "ecs task definition modify",
	"ecs DescribeTaskDefinition": "ecs task definition read", "ecs ListTaskDefinitions": "ecs task definition read",
	"ecs ListTaskDefinitionFamilies": "ecs task definition read", "ecs DeleteTaskDefinitions": "ecs task definition delete",
	"ecs CreateService": "ecs service modify", "ecs UpdateService": "ecs service modify", "ecs DeleteService": "ecs service modify",
	"ecs DescribeServices": "ecs service read", "ecs ListServices": "ecs service read",
	"ecs RunTask": "ecs cluster resource modify", "ecs StopTask": "ecs cluster resource modify",
	"ecs DescribeTasks": "ecs cluster resource read", "ecs ListTasks": "ecs cluster resource read",
	"ecs TagResource": "ecs tag modify", "ecs UntagResource": "ecs tag modify", "ecs ListTagsForResource": "ecs tag read",
	"secretsmanager CreateSecret": "secretsmanager modify", "secretsmanager DeleteSecret": "secretsmanager modify",
	"secretsmanager PutSecretValue": "secretsmanager modify", "secretsmanager UpdateSecret": "secretsmanager modify",
	"secretsmanager UpdateSecretVersionStage": "secretsmanager modify", "secretsmanager TagResource": "secretsmanager modify",
	"secretsmanager UntagResource": "secretsmanager modify", "secretsmanager ListSecrets": "secretsmanager list",
	"servicediscovery DiscoverInstances": "servicediscovery discover", "servicediscovery ListInstances": "servicediscovery instances",
	"tagging GetResources": "tagging resources", "tagging TagResources": "tagging tags", "tagging UntagResources": "tagging tags",
	"tagging GetTagKeys": "tagging tags", "tagging GetTagValues": "tagging tags",
	"logs CreateLogGroup": "logs group", "logs DeleteLogGroup": "logs group", "logs PutRetentionPolicy": "logs group",
	"logs DescribeLogGroups": "logs group",
}

// rateLimits is the present content of the buckets.
type rateLimits struct{ buckets map[string]*bucket }

type bucket struct {
	tokens float64
	filled time.Time
}

// SetRateLimits turns the per-API token buckets on (full) or off.
func (s *Sandbox) SetRateLimits(on bool) {
	s.settings.Lock()
	defer s.settings.Unlock()
	s.settings.limits = nil
	if on {
		s.settings.limits = &rateLimits{buckets: map[string]*bucket{}}
	}
}

// overLimit takes a token for the call and tells whether there was none.
func (s *Sandbox) overLimit(op *operation) bool {
	s.settings.Lock()
	defer s.settings.Unlock()
	if s.settings.limits == nil {
		return false
	}
	return !s.settings.limits.take(op.service+" "+op.name, time.Now())
}

func (l *rateLimits) take(operation string, now time.Time) bool {
	name := operation
	if shared, ok := bucketOf[operation]; ok {
		name = shared
	}
	limit, limited := rates[name]
	if !limited {
		return true
	}
	b := l.buckets[name]
	if b == nil {
		b = &bucket{tokens: limit.burst, filled: now}
		l.buckets[name] = b
	}
	b.tokens = min(limit.burst, b.tokens+now.Sub(b.filled).Seconds()*limit.perSecond)
	b.filled = now
	if b.tokens < 1 {
		return false
	}
	b.tokens--
	return true
}
